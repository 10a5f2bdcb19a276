"""The digest of the running code."""

from __future__ import annotations

from pathlib import Path

from clearance.adapters.code_version import code_version, digest


def package(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content)
    return folder


def test_code_is_the_same_wherever_its_packages_lie(tmp_path: Path) -> None:
    wheel = package(tmp_path / "wheel" / "clearance", a="1")
    flows = package(wheel / "flows", b="2")
    installed = digest({"clearance": wheel, "clearance.flows": flows})
    checkout = digest(
        {
            "clearance": package(tmp_path / "src" / "clearance", a="1"),
            "clearance.flows": package(tmp_path / "flows", b="2"),
        }
    )
    assert installed == checkout


def test_a_changed_or_added_module_is_other_code(tmp_path: Path) -> None:
    roots = {"clearance": package(tmp_path / "clearance", a="1")}
    before = digest(roots)
    package(tmp_path / "clearance", b="")
    added = digest(roots)
    package(tmp_path / "clearance", a="2")
    assert len({before, added, digest(roots)}) == 3


def test_compiled_files_and_the_catalog_do_not_count(tmp_path: Path) -> None:
    roots = {"clearance": package(tmp_path / "clearance", a="1")}
    before = digest(roots)
    package(tmp_path / "clearance" / "catalog", plan="")
    (tmp_path / "clearance" / "a.pyc").write_text("")
    assert digest(roots) == before


def test_the_running_code_says_where_it_comes_from() -> None:
    version, hashed, *origin = code_version().split(" ", 2)
    assert version == "0.1.0"
    assert hashed.startswith("sha256:") and len(hashed) == 71
    assert origin[0] in (
        "(installed)",
        "(modified installation)",
        "(checkout)",
        "(modified checkout)",
    )
