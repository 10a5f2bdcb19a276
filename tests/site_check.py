"""What is wrong with a static site: an empty list where it is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from clearance.candidate import SUMS_FILE, sha256


class Page(HTMLParser):
    """The elements of a page, in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def links(self) -> list[str]:
        return [
            value
            for _, attributes in self.elements
            if (value := attributes.get("href")) is not None
        ]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def pages(site: Path) -> Iterator[tuple[Path, Page]]:
    """The portal's own pages; documents that are part of a release are none."""
    for file in sorted(site.rglob("index.html")):
        yield file, Page(file.read_text())


def problems(site: Path) -> list[str]:
    return [*_broken_links(site), *_broken_releases(site), *_broken_catalogue(site)]


def _broken_links(site: Path) -> Iterator[str]:
    for file, page in pages(site):
        for link in page.links():
            if link.startswith(("http", "mailto:", "#")):
                continue
            target = file.parent / unquote(link)
            if not (target / "index.html" if link.endswith("/") else target).is_file():
                yield f"{file.relative_to(site)} links to {link}, which is not there"


def _broken_releases(site: Path) -> Iterator[str]:
    for sums in site.rglob(SUMS_FILE):
        for line in sums.read_text().splitlines():
            digest, _, path = line.partition("  ")
            file = sums.parent / path
            if not file.is_file() or sha256(file.read_bytes()) != digest:
                yield f"{file.relative_to(site)} is missing or damaged"
        if not (sums.parent / "index.html").is_file():
            yield f"{sums.parent.relative_to(site)} has no page"


def _broken_catalogue(site: Path) -> Iterator[str]:
    if not (site / "data.json").exists():
        return
    for dataset in json.loads((site / "data.json").read_text())["dataset"]:
        for distribution in dataset["distribution"]:
            if not (site / distribution["downloadURL"]).is_file():
                yield f"data.json names {distribution['downloadURL']}, which is not there"
