"""The portal that needs no server: a static site in a folder.

``<root>/site/`` is what citizens see; ``<root>/staging/`` (mode 0700) is not served. A release
becomes public by one rename of its folder, its page and files together; the pages that
list it follow, one rename each, computed from what is public. Whatever is interrupted,
every page and file in ``site/`` is whole, and repeating `flip` completes the rest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from clearance.adapters import pages
from clearance.adapters.durable import (
    make_folders,
    move_folder,
    replace_file,
    sync_folders,
    write_file,
)
from clearance.adapters.portal_check import Check
from clearance.adapters.release_files import Package, check_names, recency
from clearance.adapters.release_view import PAGE, file_paths, read_described, read_release
from clearance.candidate import ReleaseId
from clearance.content import Content
from clearance.errors import PortalError
from clearance.ports import PortalRelease


class FolderPortal:
    """`clearance.ports.Portal` on a folder. The latest release is that of the latest period."""

    def __init__(self, root: Path) -> None:
        self.site = root.absolute() / "site"
        self._staging = root.absolute() / "staging"

    def prepare(self) -> None:
        """The folders and a catalogue page are there, also before the first release."""
        with self._writing("prepare the site"):
            if not (self.site / PAGE).exists():
                self._complete_catalogue()

    def find(self, release: ReleaseId) -> PortalRelease | None:
        with _translated(f"read {release}"):
            return self._find(release)

    def stage(self, release: ReleaseId, files: Mapping[str, Content]) -> PortalRelease:
        check_names(release, files)
        with self._writing(f"stage {release}"):
            if self._public(release).is_dir():
                raise PortalError(f"{release} is public already; a release is never replaced")
            incoming = self._staging / ".incoming"
            _write_release(incoming, files)
            view = read_release(incoming, release)
            write_file(incoming / PAGE, pages.release_page(view, newest=release))
            sync_folders(incoming)
            self._drop_staged(release)
            make_folders(self._staged(release).parent)
            move_folder(incoming, self._staged(release))
        return self._found(release)

    def flip(self, release: ReleaseId) -> PortalRelease:
        with self._writing(f"publish {release}"):
            if not self._public(release).is_dir():
                if not self._staged(release).is_dir():
                    raise PortalError(f"{release} is not staged; stage it before publishing it")
                self._complete_style()
                make_folders(self._public(release).parent)
                move_folder(self._staged(release), self._public(release))
            self._complete_pages(release.dataset)
        return self._found(release)

    def discard(self, release: ReleaseId) -> None:
        with self._writing(f"discard {release}"):
            self._drop_staged(release)

    def latest(self, dataset: str) -> ReleaseId | None:
        with _translated(f"read {dataset}"):
            return max(self._releases(dataset), key=recency, default=None)

    def check(self) -> Iterator[Check]:
        """Whether it can be written, and what is to be served."""
        try:
            self.prepare()
        except PortalError as problem:
            yield Check("writable", False, str(problem))
            return
        yield Check("writable", True, str(self.site.parent))
        yield Check("served", True, f"let a web server show {self.site} and nothing beside it")

    def _find(self, release: ReleaseId) -> PortalRelease | None:
        for public, folder in (True, self._public(release)), (False, self._staged(release)):
            if folder.is_dir():
                return PortalRelease(release, public, _digests(folder), folder.as_uri() + "/")
        return None

    def _found(self, release: ReleaseId) -> PortalRelease:
        found = self.find(release)
        if found is None:
            raise PortalError(f"{release} is not in the folder where it was just written")
        return found

    def _public(self, release: ReleaseId) -> Path:
        return self.site / str(release)

    def _staged(self, release: ReleaseId) -> Path:
        return self._staging / str(release)

    def _drop_staged(self, release: ReleaseId) -> None:
        """One rename, so that no half of a release is ever staged."""
        discarded = self._staging / ".discarded"
        shutil.rmtree(discarded, ignore_errors=True)
        if self._staged(release).is_dir():
            move_folder(self._staged(release), discarded)
            shutil.rmtree(discarded)

    def _releases(self, dataset: str) -> Iterator[ReleaseId]:
        for folder in (self.site / dataset).glob("*/*/"):
            if folder.name.isdecimal() and (folder / PAGE).is_file():
                yield ReleaseId(dataset, folder.parent.name, int(folder.name))

    def _newest(self) -> Iterator[tuple[ReleaseId, Package]]:
        for folder in sorted(self.site.iterdir()):
            newest = max(self._releases(folder.name), key=recency, default=None)
            if newest is not None:
                yield newest, read_described(self._public(newest), newest)

    def _complete_pages(self, dataset: str) -> None:
        """All pages that show ``dataset``, and any that an interrupted flip left out."""
        self._complete_dataset(dataset)
        for newest, _ in self._newest():
            if not (self.site / newest.dataset / PAGE).exists():
                self._complete_dataset(newest.dataset)
        self._complete_catalogue()

    def _complete_dataset(self, dataset: str) -> None:
        newest, *earlier = sorted(self._releases(dataset), key=recency, reverse=True)
        for release in (newest, *earlier):
            view = read_release(self._public(release), release)
            self._replace(f"{release}/{PAGE}", pages.release_page(view, newest=newest))
        view = read_release(self._public(newest), newest)
        self._replace(f"{dataset}/{PAGE}", pages.dataset_page(view, earlier))

    def _complete_catalogue(self) -> None:
        self._complete_style()
        entries = tuple(self._newest())
        self._replace("data.json", pages.catalogue_json(entries))
        self._replace(PAGE, pages.catalogue_page(entries))

    def _complete_style(self) -> None:
        make_folders((self.site / pages.STYLE_FILE).parent)
        self._replace(pages.STYLE_FILE, pages.style())

    def _replace(self, path: str, content: bytes) -> None:
        """Unfinished pages lie outside of the served folder; an unchanged one is left alone."""
        file = self.site / path
        if not file.is_file() or file.read_bytes() != content:
            replace_file(file, content, unfinished=self._staging / ".unfinished")

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        """One writer at a time; the lock ends with its process."""
        with _translated(what):
            make_folders(self.site)
            make_folders(self._staging)
            self._staging.chmod(0o700)
            with (self._staging / ".lock").open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise PortalError(f"cannot {what} in the portal's folder: {reason}") from None


def _write_release(folder: Path, files: Mapping[str, Content]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    folder.chmod(0o755)
    for path, content in files.items():
        make_folders((folder / path).parent)
        write_file(folder / path, content)


def _digests(folder: Path) -> dict[str, str]:
    return {path: _sha256(folder / path) for path in file_paths(folder)}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
