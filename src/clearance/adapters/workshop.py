"""The road's tools, put together from the adapters, for a release or for a steward's dry run."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from clearance.adapters.catalog import CatalogEntry, load
from clearance.adapters.clock import SystemClock
from clearance.adapters.code_version import code_version
from clearance.adapters.duckdb_engine import DuckDBEngine, parquet_rows
from clearance.adapters.fake_names import fake_names
from clearance.adapters.files import FileSource
from clearance.adapters.keys import KeyRing, pseudonym_key, write_private
from clearance.adapters.ledger import SqliteLedger
from clearance.adapters.memory import SealedMemory
from clearance.adapters.settings import Home, Settings, open_home
from clearance.adapters.vault import AgeVault
from clearance.road import Prepared, Tools, prepare


def quiet(_: str) -> None:
    """Told of a stage, says nothing."""


def prepare_release(settings: Settings, dataset: str) -> Prepared:
    """Steps 1 to 6 with the candidate and its report sealed in the home's vault."""
    home = open_home(settings.home)
    with _tools(home, vault=home, notes=home.path / "private", stage=quiet) as tools:
        return prepare(_entry(settings, dataset), tools, schema_required=True)


def check_dataset(
    settings: Settings, dataset: str, *, notes: Path, stage: Callable[[str], None] = quiet
) -> Prepared:
    """Steps 1 to 6; ledger and vault are not written to.

    ``notes``: folder for what only the steward may see.
    """
    home = settings.home
    with TemporaryDirectory(prefix="clearance-check-") as folder:
        scratch = open_home(Home(Path(folder)))
        with _tools(home, vault=scratch, notes=notes, stage=stage) as tools:
            return prepare(_entry(settings, dataset), tools, schema_required=False)


def _entry(settings: Settings, dataset: str) -> CatalogEntry:
    return load(
        settings.catalog,
        dataset,
        private_policies=settings.home.policies,
        sources=FileSource(),
    )


@contextmanager
def _tools(
    home: Home, *, vault: Home, notes: Path, stage: Callable[[str], None]
) -> Iterator[Tools]:
    """``home`` holds ledger and memory; ``vault`` is where candidates and their keys go."""
    keys, clock = KeyRing(vault.keys), SystemClock()
    readable = home if home.ledger.is_file() else vault
    ledger = SqliteLedger(readable.ledger, readable.locks)
    memory = SealedMemory(home.vault, KeyRing(home.keys), ledger, clock)
    with TemporaryDirectory(prefix="clearance-engine-") as folder:
        engine = DuckDBEngine(Path(folder))
        try:
            yield Tools(
                engine=engine,
                vault=AgeVault(vault.vault, keys),
                memory=memory,
                ledger=ledger,
                key=lambda release, output: pseudonym_key(keys, release, output),
                fake=fake_names,
                parquet_rows=parquet_rows,
                note=lambda name, values: _note(notes, name, values),
                seconds=time.perf_counter,
                stage=stage,
                code_version=code_version(),
            )
        finally:
            engine.close()


def _file_name(name: str) -> str:
    """``name``, which holds a column's, as a file's that stays in its folder."""
    plain = re.sub(r"[^\w.-]", "-", name)[:100]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _note(folder: Path, name: str, values: Sequence[str]) -> str:
    """The private file, mode 0600, that now holds ``values``, one a line."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{_file_name(name)}.txt"
    write_private(path, "".join(f"{value}\n" for value in values).encode(), replace=True)
    return str(path)
