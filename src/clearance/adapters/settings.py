"""What the environment says; nothing else reads it.

`CLEARANCE_HOME` holds all state. The other names are those of `Settings`' fields, in
capitals, with ``CLEARANCE_`` before them.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clearance.errors import OperatorError

PRIVATE_FOLDER = 0o700
KERNELS = "NUMBA_CACHE_DIR"


@dataclass(frozen=True, slots=True)
class Home:
    """Where state lies. Every path below is known here and nowhere else."""

    path: Path

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.db"

    @property
    def vault(self) -> Path:
        return self.path / "vault"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def policies(self) -> Path:
        """Private policy parts."""
        return self.path / "policies"

    @property
    def people(self) -> Path:
        return self.path / "people.yaml"

    @property
    def trust(self) -> Path:
        """The public keys of whoever signs approval records here."""
        return self.path / "trust.json"

    @property
    def cache(self) -> Path:
        return self.path / "cache"

    @property
    def kernels(self) -> Path:
        """Machine code of what is compiled, for the next process."""
        return self.cache / "kernels"

    @property
    def locks(self) -> Path:
        return self.path / "locks"

    @property
    def portal(self) -> Path:
        """The folder portal where none is configured."""
        return self.path / "portal"

    @property
    def private(self) -> Path:
        """What stewards must see and nobody else may."""
        return self.path / "private"

    @property
    def prefect(self) -> Path:
        """Everything of a Prefect server that is run for this home."""
        return self.path / "prefect"

    @property
    def demonstration(self) -> bool:
        """Whether this home was made for a demonstration, with sample people in it."""
        return (self.path / "demonstration").is_file()

    def mark_demonstration(self) -> None:
        """Marks a home that holds no state yet; OperatorError for any other."""
        if not self.demonstration and (self.ledger.exists() or self.people.exists()):
            raise OperatorError(f"{self.path} is in use; a demonstration needs a home of its own")
        (self.path / "demonstration").touch(mode=0o600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The environment, read once.

    ``catalog``: the folder with one folder for each dataset.
    ``portal_url``: ``folder:PATH`` or a CKAN address. ``engine``: ``duckdb``.
    ``engine_memory``: what the engine may use of it, such as ``1GB``; with the default a check
    of 10 million records stays below 2 GB in all, and what does not fit goes to a temporary
    folder. ``engine_threads``: all cores unless given.
    ``crash_at``: for tests only, the effect at which the process kills itself.
    """

    home: Home
    catalog: Path
    portal_url: str
    portal_token: str = field(repr=False)
    ledger_url: str
    engine: str
    engine_memory: str
    engine_threads: int | None
    crash_at: str


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. OperatorError for a ledger or engine that is not there yet.

    ``environment``: instead of the process's own.
    """
    given = os.environ if environment is None else environment

    def text(name: str, default: str = "") -> str:
        return given.get(f"CLEARANCE_{name}", "").strip() or default

    home = _home(given)
    ledger_url = text("LEDGER_URL", f"sqlite:///{home.ledger}")
    if ledger_url != f"sqlite:///{home.ledger}":
        raise OperatorError(
            "CLEARANCE_LEDGER_URL: only the SQLite ledger in CLEARANCE_HOME is there yet; unset it"
        )
    engine = text("ENGINE", "duckdb")
    if engine != "duckdb":
        raise OperatorError("CLEARANCE_ENGINE: only duckdb is there yet; unset it")
    return Settings(
        home=home,
        catalog=Path(text("CATALOG", "catalog")).expanduser().absolute(),
        portal_url=text("PORTAL_URL", f"folder:{home.portal}"),
        portal_token=text("PORTAL_TOKEN"),
        ledger_url=ledger_url,
        engine=engine,
        engine_memory=_memory(text("ENGINE_MEMORY", "1GB")),
        engine_threads=_threads(text("ENGINE_THREADS")),
        crash_at=text("CRASH_AT"),
    )


def _memory(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)? ?[KMGT]i?B", text):
        raise OperatorError("CLEARANCE_ENGINE_MEMORY: must be a size such as 1GB or 800MB")
    return text


def _threads(text: str) -> int | None:
    if text and not re.fullmatch(r"[1-9]\d{0,3}", text):
        raise OperatorError("CLEARANCE_ENGINE_THREADS: must be a number of 1 or more")
    return int(text) if text else None


def environment_of(settings: Settings) -> dict[str, str]:
    """This process's environment for a child that is to work with ``settings``."""
    others = {name: text for name, text in os.environ.items() if not name.startswith("CLEARANCE_")}
    own = {
        "CLEARANCE_HOME": str(settings.home.path),
        "CLEARANCE_CATALOG": str(settings.catalog),
        "CLEARANCE_PORTAL_URL": settings.portal_url,
        "CLEARANCE_PORTAL_TOKEN": settings.portal_token,
        "CLEARANCE_LEDGER_URL": settings.ledger_url,
        "CLEARANCE_ENGINE": settings.engine,
        "CLEARANCE_ENGINE_MEMORY": settings.engine_memory,
        "CLEARANCE_ENGINE_THREADS": str(settings.engine_threads or ""),
        "CLEARANCE_CRASH_AT": settings.crash_at,
    }
    if settings.home.cache.is_dir():
        others.setdefault(KERNELS, str(settings.home.kernels))
    return others | {name: text for name, text in own.items() if text}


def decline_tracking() -> None:
    """Prefect, imported after this, counts nothing and tells nobody that it was."""
    os.environ["DO_NOT_TRACK"] = "1"


def keep_kernels() -> None:
    """numba, imported after this, keeps what it compiles in the home, if there is one.

    Else it takes the source's folder or the user's cache, if it may write there; where it
    may not, it compiles in every process (`clearance.microdata.kernels`). What the operator
    has set stands. A home is not made for this: its folders must be private.
    """
    home = _home(os.environ)
    if home.cache.is_dir():
        os.environ.setdefault(KERNELS, str(home.kernels))


def _home(environment: Mapping[str, str]) -> Home:
    named = environment.get("CLEARANCE_HOME", "").strip()
    return Home(Path(named or _default_home()).expanduser().absolute())


def _default_home() -> str:
    import platformdirs

    return platformdirs.user_data_dir("clearance")


def open_home(home: Home) -> Home:
    """The home with its folders, readable by its owner only. OperatorError where it cannot be."""
    private = (home.path, home.vault, home.keys, home.policies, home.cache, home.locks)
    try:
        home.path.parent.mkdir(parents=True, exist_ok=True)
        for folder in private:
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except OSError as problem:
        raise OperatorError(f"{home.path}: {problem.strerror}") from None
    return home


def crash_switch(settings: Settings) -> Switch:
    """What kills this process, as a power cut would, at the effect that the settings name."""
    return Switch(settings.crash_at)


@dataclass(frozen=True, slots=True)
class Switch:
    """Told of each effect by its name; for tests only does it do anything."""

    crash_at: str

    def __call__(self, name: str) -> None:
        if name == self.crash_at:
            os.kill(os.getpid(), signal.SIGKILL)
