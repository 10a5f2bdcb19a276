"""What CKAN is told of a release: its fields, made of what the release says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from clearance.adapters.licenses import license_of
from clearance.adapters.release_files import Package, about
from clearance.candidate import ReleaseId
from clearance.content import Content, sha256, size_bytes

RELEASE_KEY = "clearance_release"
DATASET_KEY = "clearance_dataset"
PATH_FIELD = "clearance_path"
SHA256_FIELD = "clearance_sha256"
DRAFT_TITLE = "Draft release"

_TAG = re.compile(r"[\w .-]{2,100}")
_FORMATS = {"jsonld": "JSON-LD", "md": "Markdown", "": "TXT"}


def draft_fields(release: ReleaseId, organization: str) -> dict[str, Any]:
    """A draft says nothing of its content, and has none: left out would mean unchanged."""
    return {
        "name": release.slug,
        "title": DRAFT_TITLE,
        "notes": "",
        "private": True,
        "owner_org": organization,
        "extras": [{"key": RELEASE_KEY, "value": str(release)}],
        "tags": [],
        "resources": [],
    }


def file_fields(path: str, content: Content, package: Package) -> dict[str, str]:
    """Of one file. Our own fields keep the digest where a plugin overwrites ``hash``."""
    digest = sha256(content)
    return {
        "name": path,
        "description": markdown_text(about(path, package)),
        "format": _format(path),
        "size": str(size_bytes(content)),
        "hash": f"sha256:{digest}",
        PATH_FIELD: path,
        SHA256_FIELD: digest,
    }


def release_fields(release: ReleaseId, package: Package) -> dict[str, Any]:
    """Of a public release, in place of the draft's; ``private`` is literally false."""
    return {
        **_described(package),
        "title": f"{package.title}, {release.period}, release {release.number}",
        "notes": markdown_text(package.description),
        "version": f"{release.period}.{release.number}",
        "extras": _extras({RELEASE_KEY: str(release)}, package),
        "private": False,
    }


def stable_fields(
    release: ReleaseId, package: Package, address: str, links: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Of the dataset that always shows the latest release, which is at ``address``."""
    return {
        **_described(package),
        "title": package.title,
        "notes": f"{markdown_text(package.description)}\n\n"
        f"Latest release: [{release.period}, release {release.number}]({address}).",
        "version": f"{release.period}.{release.number}",
        "extras": _extras({DATASET_KEY: release.dataset, RELEASE_KEY: str(release)}, package),
        "resources": list(links),
        "private": False,
    }


def link_fields(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A link to a file of a release, for the stable dataset."""
    kept = ("name", "description", "format", "size", "hash", "url", PATH_FIELD, SHA256_FIELD)
    return {name: resource[name] for name in kept if resource.get(name) is not None}


def extra(dataset: Mapping[str, Any], key: str) -> str | None:
    """One of the dataset's extras, None where it has none of that name."""
    extras = dataset.get("extras") or ()
    return next((entry["value"] for entry in extras if entry["key"] == key), None)


def markdown_text(text: str) -> str:
    """Markdown that shows ``text``, which CKAN takes for Markdown, as it is."""
    escaped = re.sub(r"([\\`*_\[\]])", r"\\\1", text)
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    lines = (line.strip() for line in escaped.splitlines())
    return "\n".join(_plain_line(line) for line in lines)


def _plain_line(line: str) -> str:
    """A line whose beginning would make it a heading or a list."""
    line = re.sub(r"^([#+-])", r"\\\1", line)
    line = re.sub(r"^=", "&#61;", line)
    return re.sub(r"^([0-9]+)\.", r"\1\\.", line)


def _described(package: Package) -> dict[str, Any]:
    return {
        "license_id": license_of(package.license).ckan,
        "maintainer": package.contact,
        "maintainer_email": package.contact_email,
        "tags": [{"name": word} for word in package.keywords if _TAG.fullmatch(word)],
    }


def _extras(own: Mapping[str, str], package: Package) -> list[dict[str, str]]:
    values = {**own, "frequency": package.frequency, "license": package.license}
    return [{"key": key, "value": value} for key, value in values.items() if value]


def _format(path: str) -> str:
    ending = path.rpartition("/")[2].rpartition(".")
    suffix = ending[2] if ending[1] else ""
    return _FORMATS.get(suffix, suffix.upper())
