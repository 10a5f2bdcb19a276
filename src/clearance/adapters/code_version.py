"""Which code is running: a digest of the installed package's own files."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import importlib.util
import subprocess
from functools import cache
from pathlib import Path

from clearance.candidate import canonical_json, sha256

_PACKAGES = ("clearance", "clearance.flows", "clearance.schemas")
_SUFFIXES = frozenset({".py", ".json", ".html", ".css", ".js", ".md", ".typed"})


@cache
def code_version() -> str:
    """Version, digest and origin, e.g. ``0.1.0 sha256:... (installed)``.

    Origin: ``installed`` as the wheel was, ``checkout`` without changes, else ``modified
    installation`` or ``modified checkout``, which is also said where git cannot tell. The
    catalog, which is the steward's, does not count.
    """
    version = importlib.metadata.version("clearance")
    roots = {name: _root(name) for name in _PACKAGES}
    return f"{version} sha256:{digest(roots)} ({_origin(roots['clearance'])})"


def digest(roots: dict[str, Path]) -> str:
    """Over names and contents of the source files of packages, whose names and folders these are.

    Where a package lies in another one's folder or elsewhere makes no difference.
    """
    found = {
        f"{package.replace('.', '/')}/{file.relative_to(root).as_posix()}": file
        for package, root in roots.items()
        for file in sorted(root.rglob("*"))
        if file.suffix in _SUFFIXES and file.is_file()
    }
    digests = {
        name: sha256(file.read_bytes())
        for name, file in found.items()
        if not name.startswith("clearance/catalog/")
    }
    return sha256(canonical_json(digests).encode())


def _root(package: str) -> Path:
    """The package's folder; nothing of it is run."""
    spec = importlib.util.find_spec(package)
    return Path(next(iter(spec.submodule_search_locations or ())) if spec else "")


def _origin(root: Path) -> str:
    if "site-packages" in root.parts or "dist-packages" in root.parts:
        return "installed" if _as_in_the_wheel() else "modified installation"
    return "checkout" if _without_changes(root) else "modified checkout"


def _as_in_the_wheel() -> bool:
    """Whether every file has the hash that was recorded when it was installed."""
    recorded = [file for file in importlib.metadata.files("clearance") or () if file.hash]
    return bool(recorded) and all(
        _recorded_hash(Path(file.locate()).read_bytes()) == file.hash.value
        for file in recorded
        if file.hash is not None
    )


def _recorded_hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _without_changes(root: Path) -> bool:
    changes = subprocess.run(
        ["git", "-C", str(root), "status", "--porcelain", "--", ":/src", ":/flows", ":/schemas"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return changes.returncode == 0 and not changes.stdout.strip()
