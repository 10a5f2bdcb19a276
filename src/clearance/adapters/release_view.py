"""A release in a folder, read for its page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from clearance.adapters.protection_text import Protection, read_protection
from clearance.adapters.release_files import (
    CHANGES_FILE,
    DICTIONARY_FILE,
    PACKAGE_FILE,
    REPORT_FILE,
    Column,
    Package,
    Preview,
    about,
    in_order,
    read_dictionary,
    read_package,
    read_preview,
    read_text,
)
from clearance.candidate import APPROVAL_FILE, SUMS_FILE, ReleaseId, sha256
from clearance.errors import PortalError

PAGE = "index.html"


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file to download. ``about`` says what it is, in a few words."""

    path: str
    about: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """All that a release's page shows. ``protection`` is None where the files do not say."""

    release: ReleaseId
    package: Package
    data: tuple[PublishedFile, ...]
    documents: tuple[PublishedFile, ...]
    previews: tuple[Preview, ...]
    dictionary: Mapping[str, tuple[Column, ...]]
    protection: Protection | None
    changes: str
    approved: bool


def file_paths(folder: Path) -> tuple[str, ...]:
    """Every file of the release in ``folder``, sorted; its page is not one of them."""
    return tuple(
        sorted(
            path
            for file in folder.rglob("*")
            if file.is_file() and (path := file.relative_to(folder).as_posix()) != PAGE
        )
    )


def read_release(folder: Path, release: ReleaseId) -> ReleaseView:
    """PortalError where the release does not describe itself."""
    paths = file_paths(folder)
    package = read_described(folder, release)
    files = tuple(_files(folder, paths, package))
    return ReleaseView(
        release=release,
        package=package,
        data=tuple(entry for entry in files if entry.path.startswith("data/")),
        documents=tuple(entry for entry in files if not entry.path.startswith("data/")),
        previews=tuple(
            read_preview(folder / resource.path, resource)
            for resource in package.resources
            if resource.format == "csv" and resource.path in paths
        ),
        dictionary=_by_file(_read(folder, DICTIONARY_FILE)),
        protection=read_protection(report) if (report := _read(folder, REPORT_FILE)) else None,
        changes=_plain(read_text(_read(folder, CHANGES_FILE), CHANGES_FILE)),
        approved=APPROVAL_FILE in paths,
    )


def read_described(folder: Path, release: ReleaseId) -> Package:
    """PortalError where the release has no ``datapackage.json`` that can be read."""
    content = _read(folder, PACKAGE_FILE)
    if not content:
        raise PortalError(f"{release} has no {PACKAGE_FILE}, so it cannot be described")
    return read_package(content)


def _files(folder: Path, paths: tuple[str, ...], package: Package) -> Iterator[PublishedFile]:
    sums = _sums(_read(folder, SUMS_FILE))
    for path in in_order(paths, package):
        yield PublishedFile(
            path,
            about(path, package),
            (folder / path).stat().st_size,
            # The release's own sums were checked when it was read back; the few files that
            # they cannot list are small.
            sums.get(path) or sha256((folder / path).read_bytes()),
        )


def _sums(content: bytes) -> dict[str, str]:
    lines = (line.partition("  ") for line in read_text(content, SUMS_FILE).splitlines())
    return {path: digest for digest, _, path in lines}


def _plain(markdown: str) -> str:
    """The change note without its heading, its lists with points."""
    text = re.sub(r"\A\s*#[^\n]*\n", "", markdown)
    return re.sub(r"^[-*] ", "\N{BULLET} ", text, flags=re.MULTILINE).strip()


def _by_file(content: bytes) -> dict[str, tuple[Column, ...]]:
    columns = read_dictionary(content)
    return {
        file: tuple(column for column in columns if column.file == file)
        for file in dict.fromkeys(column.file for column in columns)
    }


def _read(folder: Path, path: str) -> bytes:
    """The file's bytes, empty where it is not there."""
    file = folder / path
    return file.read_bytes() if file.is_file() else b""
