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
from clearance.adapters.duckdb_engine import DuckDBEngine
from clearance.adapters.fake_names import fake_names
from clearance.adapters.files import FileSource
from clearance.adapters.keys import KeyRing, lasting_key, pseudonym_key, write_private
from clearance.adapters.ledger import SqliteLedger
from clearance.adapters.memory import SealedMemory
from clearance.adapters.published_rows import PublishedRows
from clearance.adapters.settings import Home, Settings, open_home
from clearance.adapters.vault import OPENED, AgeVault
from clearance.road import Prepared, Tools, prepare


def quiet(_: str) -> None:
    """Told of a stage, says nothing."""


def prepare_release(settings: Settings, dataset: str) -> Prepared:
    """Steps 1 to 6 with the candidate and its report sealed in the home's vault."""
    home = open_home(settings.home)
    with _tools(settings, vault=home, notes=home.path / "private", stage=quiet) as tools:
        return prepare(_entry(settings, dataset), tools, schema_required=True)


def check_dataset(
    settings: Settings, dataset: str, *, notes: Path, stage: Callable[[str], None] = quiet
) -> Prepared:
    """Steps 1 to 6; ledger and vault are not written to.

    ``notes``: folder for what only the steward may see.
    """
    with TemporaryDirectory(prefix="clearance-check-") as folder:
        scratch = open_home(Home(Path(folder)))
        with _tools(settings, vault=scratch, notes=notes, stage=stage) as tools:
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
    settings: Settings, *, vault: Home, notes: Path, stage: Callable[[str], None]
) -> Iterator[Tools]:
    """The home holds ledger and memory; ``vault`` is where candidates and their keys go."""
    home = settings.home
    keys, clock = KeyRing(vault.keys), SystemClock()
    lasting = KeyRing(home.keys) if (home.keys / "lasting").is_dir() else keys
    readable = home if home.ledger.is_file() else vault
    ledger = SqliteLedger(readable.ledger, readable.locks)
    memory = SealedMemory(home.vault, KeyRing(home.keys), ledger, clock)
    with TemporaryDirectory(prefix="clearance-engine-") as folder:
        engine = DuckDBEngine(
            Path(folder), threads=settings.engine_threads, memory=settings.engine_memory
        )
        try:
            yield Tools(
                engine=engine,
                # Not with the vault, which a check removes before its candidate is read.
                vault=AgeVault(vault.vault, keys, opened=home.vault / OPENED),
                memory=memory,
                ledger=ledger,
                key=lambda release, output: pseudonym_key(keys, release, output),
                lasting_key=lambda dataset: lasting_key(lasting, dataset),
                fake=fake_names,
                rows=PublishedRows(),
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
