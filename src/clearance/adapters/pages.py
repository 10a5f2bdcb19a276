"""The pages of the folder portal, as text: functions of what is public, without clock or script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from clearance.adapters.protection_text import role_text
from clearance.adapters.release_files import Package
from clearance.adapters.release_view import ReleaseView
from clearance.candidate import ReleaseId, sha256

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = (_TEMPLATES / "style.css").read_bytes()
STYLE_FILE = f"assets/style-{sha256(_STYLE)[:12]}.css"
_REPETITIONS = {
    "biennial": "R/P2Y",
    "annual": "R/P1Y",
    "quarterly": "R/P3M",
    "monthly": "R/P1M",
    "weekly": "R/P1W",
    "daily": "R/P1D",
}


def style() -> bytes:
    """The style sheet; its name holds its digest, so that old pages keep theirs."""
    return _STYLE


def release_page(view: ReleaseView, *, newest: ReleaseId) -> bytes:
    """``newest``: the dataset's newest public release."""
    return _page("release.html", root="../../../", view=view, newest=newest)


def dataset_page(newest: ReleaseView, earlier: Sequence[ReleaseId]) -> bytes:
    return _page("dataset.html", root="../", view=newest, earlier=earlier)


def catalogue_page(entries: Sequence[tuple[ReleaseId, Package]]) -> bytes:
    """``entries``: the newest release of each dataset."""
    return _page("catalogue.html", root="", entries=_by_title(entries))


def catalogue_json(entries: Sequence[tuple[ReleaseId, Package]]) -> bytes:
    """The catalogue for harvesters; addresses are relative to the file's own."""
    catalogue = {
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "dataset": [_dcat_us(release, package) for release, package in _by_title(entries)],
    }
    return (json.dumps(catalogue, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def file_size(size_bytes: int) -> str:
    """In the unit that people read best; 1 kB is 1000 bytes."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    power = min((len(str(size_bytes)) - 1) // 3, 3)
    return f"{size_bytes / 1000**power:.1f} {('kB', 'MB', 'GB')[power - 1]}"


def _by_title(
    entries: Sequence[tuple[ReleaseId, Package]],
) -> list[tuple[ReleaseId, Package]]:
    return sorted(entries, key=lambda entry: (entry[1].title.casefold(), entry[0]))


def _dcat_us(release: ReleaseId, package: Package) -> dict[str, object]:
    known: dict[str, object] = {
        "@type": "dcat:Dataset",
        "accessLevel": "public",
        "identifier": release.dataset,
        "title": package.title,
        "description": package.description,
        "keyword": list(package.keywords),
        "publisher": {"@type": "org:Organization", "name": package.organization},
        "contactPoint": {
            "@type": "vcard:Contact",
            "fn": package.contact,
            "hasEmail": f"mailto:{package.contact_email}",
        },
        "license": package.license_address,
        "accrualPeriodicity": _REPETITIONS.get(package.frequency, "irregular"),
        # The approved bytes hold no date; the format allows an interval of repetition instead.
        "modified": _REPETITIONS.get(package.frequency, ""),
        "landingPage": f"{quote(release.dataset)}/",
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "title": resource.title,
                "description": resource.description,
                "downloadURL": quote(f"{release}/{resource.path}"),
                "mediaType": resource.media_type,
                "format": resource.format.upper(),
            }
            for resource in package.resources
        ],
    }
    return {name: value for name, value in known.items() if value not in ("", [])}


def _page(template: str, **values: object) -> bytes:
    text = _ENVIRONMENT.get_template(template).render(**values, style_file=STYLE_FILE)
    return text.encode()


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["file_size"] = file_size
    environment.filters["role_text"] = role_text
    environment.filters["address"] = quote
    return environment


_ENVIRONMENT = _environment()
