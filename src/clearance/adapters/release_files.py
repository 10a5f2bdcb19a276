"""What a release's own files say, read for the people who look at a portal.

A portal shows nothing but this: every word on a page comes from bytes that were
attacked, approved and published.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from clearance.adapters.licenses import license_of
from clearance.candidate import APPROVAL_FILE, SUMS_FILE, ReleaseId
from clearance.errors import PortalError

PACKAGE_FILE = "datapackage.json"
DICTIONARY_FILE = "dictionary.csv"
REPORT_FILE = "disclosure-report.json"
CHANGES_FILE = "changes.md"
PREVIEW_RECORDS = 10

_FILE_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_DATASET = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_PERIOD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")


_ABOUT = {
    DICTIONARY_FILE: "Data dictionary",
    PACKAGE_FILE: "Description for machines (Data Package)",
    "dcat.jsonld": "Catalogue record (DCAT)",
    REPORT_FILE: "How people are protected, for machines",
    "disclosure-report.html": "How people are protected",
    CHANGES_FILE: "Changes since the release before",
    SUMS_FILE: "SHA-256 of every file",
    APPROVAL_FILE: "Signed approval record",
    "approval.tlog-proof": "Proof of entry in the log",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One data file as the package describes it. ``blank``: what an empty cell means."""

    name: str
    path: str
    title: str
    description: str
    format: str
    media_type: str
    blank: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A release as its ``datapackage.json`` describes it.

    ``license``: its SPDX identifier, as the plan names it. ``license_address`` and
    ``contact_email`` are empty where there is none that is safe to link to.
    """

    title: str
    description: str
    license: str
    license_title: str
    license_address: str
    contact: str
    contact_email: str
    organization: str
    frequency: str
    keywords: tuple[str, ...]
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One line of the data dictionary."""

    file: str
    column: str
    type: str
    role: str
    label: str
    description: str
    treatment: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The first records of a published CSV file; ``more`` says whether others follow."""

    resource: Resource
    header: tuple[str, ...]
    records: tuple[tuple[str, ...], ...]
    more: bool

    @property
    def is_table(self) -> bool:
        """Whether figures in it may be suppressed, with the reason in a column of its own."""
        return any(column.endswith("_status") for column in self.header)


def check_names(release: ReleaseId, paths: Iterable[str]) -> None:
    """PortalError unless release and file names can be an address on a portal."""
    if not _DATASET.fullmatch(release.dataset) or not _PERIOD.fullmatch(release.period):
        raise PortalError(
            f"{release} cannot be an address: a dataset's name has lower-case letters, digits, "
            "hyphens and underscores, a period letters, digits and hyphens"
        )
    for path in paths:
        if path == "index.html" or not all(map(_FILE_PART.fullmatch, path.split("/"))):
            raise PortalError(
                f"{release}: a file's name cannot be an address: use letters, digits, "
                "points, hyphens and underscores, and not index.html"
            )


def recency(release: ReleaseId) -> tuple[object, ...]:
    """Sorts releases of a dataset by period, then number; numbers in a period by their size."""
    parts = re.findall(r"([^0-9]*)([0-9]*)", release.period)
    return tuple((text, int(digits or 0)) for text, digits in parts), release.number


def read_package(content: bytes) -> Package:
    """PortalError where it is not a Data Package with a name and a title."""
    package = json_object(content, PACKAGE_FILE)
    title = package.get("title") or package.get("name")
    if not title:
        raise PortalError(f"{PACKAGE_FILE} has neither title nor name")
    given = _first(package.get("licenses"))
    name = _text(given.get("name"))
    known = license_of(name)
    contact = _first(package.get("contributors"))
    own = package.get("clearance") or {}
    return Package(
        title=_text(title),
        description=_text(package.get("description")),
        license=name,
        license_title=_text(given.get("title")) or known.title,
        license_address=web_address(given.get("path")) or known.address,
        contact=_text(contact.get("title")),
        contact_email=_email(contact.get("email")),
        organization=_text(own.get("organization")),
        frequency=_text(own.get("frequency")),
        keywords=tuple(_text(word) for word in package.get("keywords") or ()),
        resources=tuple(_resource(entry) for entry in package.get("resources") or ()),
    )


def about(path: str, package: Package) -> str:
    """What a file is, in a few words; empty for one that nobody describes.

    A data file that is not described itself has the title of the one that differs from it in
    its ending only, such as the CSV that a Parquet file was made with.
    """
    titles = {_stem(resource.path): resource.title for resource in package.resources}
    return _ABOUT.get(path) or titles.get(_stem(path), "")


def in_order(paths: Iterable[str], package: Package) -> list[str]:
    """The data first, as the package lists them, other formats of a file beside it."""
    ranks = {_stem(resource.path): rank for rank, resource in enumerate(package.resources)}
    return sorted(paths, key=lambda path: (ranks.get(_stem(path), len(ranks)), path))


def json_object(content: bytes, name: str) -> dict[str, Any]:
    """PortalError where the file called ``name`` is not one JSON object."""
    try:
        value = json.loads(content)
    except ValueError:
        raise PortalError(f"{name} is not JSON") from None
    if not isinstance(value, dict):
        raise PortalError(f"{name} is not a JSON object")
    return value


def read_dictionary(content: bytes) -> tuple[Column, ...]:
    """The lines of ``dictionary.csv``, in their order; a column that it lacks is empty."""
    lines = csv.DictReader(io.StringIO(read_text(content, DICTIONARY_FILE), newline=""))
    names = Column.__dataclass_fields__
    return tuple(Column(**{name: line.get(name) or "" for name in names}) for line in lines)


def read_text(content: bytes, name: str) -> str:
    """PortalError where the file called ``name`` is not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise PortalError(f"{name} is not UTF-8") from None


def read_preview(file: Path, resource: Resource) -> Preview:
    """The file's first records, no more of it read than these; PortalError if it is not CSV."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            records = csv.reader(lines)
            header = tuple(next(records, ()))
            first = [tuple(record[: len(header)]) for record in islice(records, PREVIEW_RECORDS)]
            more = next(records, None) is not None
    except (UnicodeDecodeError, csv.Error):
        raise PortalError(f"{resource.path} is not CSV in UTF-8") from None
    return Preview(resource, header, tuple(first), more)


def web_address(value: object) -> str:
    """``value`` where it is an http(s) address, else the empty text."""
    text = _text(value)
    return text if re.fullmatch(r"https?://[^\s\"'<>]+", text) else ""


def _stem(path: str) -> str:
    return path.rpartition(".")[0]


def _email(value: object) -> str:
    text = _text(value)
    return text if re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", text) else ""


def _resource(entry: Mapping[str, Any]) -> Resource:
    path = _text(entry.get("path"))
    schema = entry.get("schema") or {}
    return Resource(
        name=_text(entry.get("name")),
        path=path,
        title=_text(entry.get("title") or entry.get("name") or path),
        description=_text(entry.get("description")),
        format=_text(entry.get("format") or path.rpartition(".")[2]).lower(),
        media_type=_text(entry.get("mediatype")),
        blank=_blank(schema.get("missingValues") or ()),
    )


def _blank(missing_values: list[object] | tuple[object, ...]) -> str:
    labels = [
        _text(entry.get("label"))
        for entry in missing_values
        if isinstance(entry, dict) and entry.get("value") == ""
    ]
    return next(filter(None, labels), "missing")


def _first(entries: Any) -> Mapping[str, Any]:
    return next(iter(entries or ()), None) or {}


def _text(value: object) -> str:
    return "" if value is None else str(value)
