"""Each stage type is made in one place, so that nothing skips a stage."""

from __future__ import annotations

import ast
from pathlib import Path

import clearance

PACKAGE = Path(clearance.__path__[0])
MADE_IN = {
    "Attacked": {"road.py", "desk.py"},
    "Approved": {"desk.py"},
}


def makers(name: str) -> set[str]:
    """The modules that call the class called ``name``."""
    return {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == name
    }


def test_what_was_attacked_and_approved_is_made_in_one_place_each() -> None:
    for name, places in MADE_IN.items():
        assert makers(name) <= places, name
