"""The files of a release: exactly those that belong to it, with the sums that are stated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from clearance.attack.result import blocked
from clearance.candidate import SUMS_FILE
from clearance.content import Content, sha256, size_bytes, whole
from clearance.findings import Finding
from clearance.plan import Plan

REQUIRED = (
    "changes.md",
    "datapackage.json",
    "dcat.jsonld",
    "dictionary.csv",
    "disclosure-report.html",
    "disclosure-report.json",
)
PREVIEW = re.compile(r"preview/[a-z0-9._-]+\.(csv|html|json)")


def check_files(files: Mapping[str, Content], plan: Plan) -> Iterator[Finding]:
    """That no file is missing or unexpected, and ``SHA256SUMS`` names every other file's sum."""
    data = {f"data/{output.name}.csv" for output in plan.outputs}
    parquet = {f"data/{output.name}.parquet" for output in plan.outputs}
    expected = {*data, *REQUIRED, SUMS_FILE}
    for path in sorted(expected - set(files)):
        yield blocked("file-missing", path, 1, "the file is missing; pack the release anew")
    strange = [path for path in set(files) - expected - parquet if not PREVIEW.fullmatch(path)]
    if strange:
        yield blocked(
            "unexpected-file",
            "the release",
            len(strange),
            f"{len(strange)} files do not belong to a release; leave them out",
        )
    if SUMS_FILE in files and not _is(files[SUMS_FILE], _sums(files)):
        yield blocked(
            "sums-differ",
            SUMS_FILE,
            1,
            "it is not the list of the SHA-256 of all other files; pack the release anew",
        )


def _is(content: Content, expected: bytes) -> bool:
    return size_bytes(content) == len(expected) and whole(content) == expected


def _sums(files: Mapping[str, Content]) -> bytes:
    lines = (
        f"{sha256(content)}  {path}\n"
        for path, content in sorted(files.items())
        if path != SUMS_FILE
    )
    return "".join(lines).encode()
