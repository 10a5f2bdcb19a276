"""Internal data in files: the `Source` of plans that give a path."""

from __future__ import annotations

from pathlib import Path

from clearance.errors import InputError
from clearance.ports import SourceFile

FORMATS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".parquet": "parquet"}


class FileSource:
    """Implements `clearance.ports.Source`; the format is known from the file's name."""

    def locate(self, path: str, *, folder: Path) -> SourceFile:
        found = folder / path
        form = FORMATS.get(found.suffix.casefold())
        if form is None:
            known = ", ".join(sorted(FORMATS))
            raise InputError(f"source.path: expected a file ending in one of {known}")
        if not found.is_file():
            raise InputError(f"source.path: there is no file {found}")
        return SourceFile(found, form)
