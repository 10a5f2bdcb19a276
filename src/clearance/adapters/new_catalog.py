"""An empty catalog with a commented plan and policy, for a steward to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from clearance.errors import PlanError

MADE = {
    "catalog/my-dataset/plan.yaml": "plan.yaml",
    "catalog/my-dataset/hierarchies/education.csv": "education.csv",
    "catalog/policies/open-data.yaml": "policy.yaml",
}


def make_catalog(folder: Path) -> Path:
    """The new catalog in ``folder``, with a folder for schemas beside it.

    PlanError, before anything is written, where one of its files is there already or where
    the folder cannot be written to.
    """
    templates = resources.files("clearance.adapters") / "templates" / "init"
    there = [path for path in MADE if (folder / path).exists()]
    if there:
        raise PlanError(f"{folder / there[0]} is there already; nothing was changed")
    try:
        (folder / "schemas" / "datasets").mkdir(parents=True, exist_ok=True)
        for path, template in MADE.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text((templates / template).read_text("utf-8"), "utf-8")
    except OSError as problem:
        raise PlanError(f"{folder}: {problem.strerror}; give a folder of your own") from None
    return folder / "catalog"
