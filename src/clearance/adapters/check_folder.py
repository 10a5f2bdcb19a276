"""Where a steward's dry run leaves what it made, for the owner's eyes only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from clearance.adapters.durable import make_private_folder
from clearance.adapters.keys import write_private
from clearance.content import Content
from clearance.errors import OperatorError
from clearance.road import Prepared

PRIVATE_FOLDER = 0o700


def write_check(folder: Path, prepared: Prepared) -> None:
    """The candidate's files, the full report and, where there is none, a drafted schema.

    ``folder`` and those in it get mode 0700, files 0600, also where they were there before.
    """
    files: dict[str, Content] = {
        f"candidate/{path}": content for path, content in prepared.candidate.files.items()
    }
    files["report.md"] = prepared.report.encode()
    if prepared.schema_draft is not None:
        text = json.dumps(prepared.schema_draft, indent=2, ensure_ascii=False) + "\n"
        files[f"{prepared.release.dataset}.schema.json"] = text.encode()
    try:
        make_private_folder(folder)
        folder.chmod(PRIVATE_FOLDER)
        if (folder / "candidate").exists():  # of an earlier check: none of its files may stay
            shutil.rmtree(folder / "candidate")
    except OSError as problem:
        raise OperatorError(f"{folder}: {problem.strerror}") from None
    for name, content in files.items():
        write_private(folder / name, content, replace=True)
