"""The design's rules of direction: who may import what, who does I/O, who reads the clock.

Everything in ``src/clearance`` but ``adapters`` and ``cli`` is the core. The source is parsed,
not imported, so that an import inside a function counts as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE, FLOWS = ROOT / "src" / "clearance", ROOT / "flows"
EDGES = ("adapters", "cli", "flows")

NETWORK = set(
    "ckanapi fastapi http httpx requests requests_toolbelt smtplib socket ssl urllib".split()
)
FILES = set("duckdb fcntl glob os pathlib shutil sqlite3 subprocess tempfile".split())
CLOCK_AND_CHANCE = set("random secrets time".split())
PERSONAL = set("getpass".split())
OF_THE_CORE = {
    "pathlib": {"ports.py"},  # names the type of a path in a Protocol
}
READS_AND_WRITES = set(
    "open read_text read_bytes write_text write_bytes mkdir rmdir unlink touch chmod exists "
    "is_file is_dir iterdir rglob to_csv to_parquet read_csv read_parquet getenv".split()
)
PORT_VERBS = {"open"}  # `Vault.open`: what is called on a port does its I/O in an adapter
IN_MEMORY = {"read_csv": {"metadata.py", "attack/reading.py"}}  # from bytes, not from a path
NOW = {"now", "today", "utcnow", "time", "time_ns", "perf_counter", "monotonic"}
OF_A_CLOCK = {"clock", "_clock"}
OF_THE_CLI = {  # the text of a trust file that the citizen names, handed on as it is
    "cli/verify.py": {"is_file", "read_text"},
    "cli/demonstration_show.py": {"read_text"},
}
FOLDERS_OF_THE_CLI = {"cli/flow_verbs.py": {"tempfile"}}  # the name of a demonstration's new home


@dataclass(frozen=True)
class Module:
    """A source file, parsed. ``name``: its path below ``src/clearance``, or ``flows/...``."""

    name: str
    tree: ast.Module

    @property
    def folder(self) -> str:
        return self.name.rpartition("/")[0]

    @property
    def core(self) -> bool:
        return self.folder.split("/")[0] not in EDGES

    @property
    def imports(self) -> set[str]:
        """Full dotted names, wherever in the file they are imported."""
        return set(_imported(self.tree))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:  # flows import each other: they have two names, see pyproject.toml
                source = f"clearance.flows.{source}".rstrip(".")
            yield from (f"{source}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            texts = (each.value for each in node.args if isinstance(each, ast.Constant))
            yield from (text for text in texts if isinstance(text, str))


def _called(node: ast.Call) -> str:
    """The last name of what is called: ``read_text`` of ``path.read_text()``."""
    return _last_name(node.func)


def _owner(node: ast.Call) -> str:
    """The name before the last: ``vault`` of ``tools.vault.open()``; empty for a plain call."""
    return _last_name(getattr(node.func, "value", None))


def _last_name(node: ast.AST | None) -> str:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return str(name)
    return ""


def _modules() -> list[Module]:
    found = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    found |= {f"flows/{path.name}": path for path in FLOWS.glob("*.py")}
    return [
        Module(name, ast.parse(path.read_text("utf-8"))) for name, path in sorted(found.items())
    ]


MODULES = _modules()
CORE = [module for module in MODULES if module.core]


def of(modules: list[Module]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("module", modules, ids=[module.name for module in modules])


def first_names(module: Module) -> set[str]:
    return {name.partition(".")[0] for name in module.imports}


def below(module: Module, *packages: str) -> set[str]:
    """What ``module`` imports from these packages of ours."""
    return {
        name
        for name in module.imports
        for package in packages
        if name == f"clearance.{package}" or name.startswith(f"clearance.{package}.")
    }


def calls(module: Module, names: set[str]) -> set[tuple[str, str]]:
    """Owner and name of every call of one of ``names``."""
    return {
        (_owner(node), _called(node))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _called(node) in names
    }


# ---------------------------------------------------------------- the core


def test_there_is_a_core_and_there_are_edges() -> None:
    assert {"plan/parsing.py", "road.py", "attack/whole.py", "microdata/lattice.py"} <= {
        module.name for module in CORE
    }
    assert {module.folder for module in MODULES} >= set(EDGES)


@of(CORE)
def test_the_core_imports_no_prefect_no_network_no_files_no_clock_and_no_chance(
    module: Module,
) -> None:
    forbidden = {"prefect"} | NETWORK | FILES | CLOCK_AND_CHANCE | PERSONAL
    allowed = {name for name, files in OF_THE_CORE.items() if module.name in files}
    assert first_names(module) & (forbidden - allowed) == set()


@of(CORE)
def test_the_core_imports_no_edge(module: Module) -> None:
    assert below(module, *EDGES) == set()


@of(CORE)
def test_the_core_reads_and_writes_nothing(module: Module) -> None:
    found = calls(module, READS_AND_WRITES)
    found -= {(owner, name) for owner, name in found if name in PORT_VERBS and owner}
    found -= {(owner, name) for owner, name in found if module.name in IN_MEMORY.get(name, ())}
    assert found == set()


@of(CORE)
def test_the_core_asks_a_port_for_the_time(module: Module) -> None:
    assert {call for call in calls(module, NOW) if call[0] not in OF_A_CLOCK} == set()


@of(CORE)
def test_the_core_asks_nobody_and_prints_nothing(module: Module) -> None:
    assert calls(module, {"print", "input", "getpass", "basicConfig", "getLogger"}) == set()


# ---------------------------------------------------------------- directions within the core


@of([module for module in MODULES if module.folder == "attack"])
def test_the_attack_shares_no_code_with_what_protects(module: Module) -> None:
    protecting = (
        "microdata",
        "tables",
        "protection",
        "coding",
        "pseudonym",
        "classify",
        "metadata",
        "report",
        "road",
        "validate",
    )
    assert below(module, *protecting) == set()


@of([module for module in MODULES if module.folder in ("microdata", "tables", "classify")])
def test_what_protects_does_not_know_the_attack(module: Module) -> None:
    assert below(module, "attack", "road", "protection", "report", "metadata") == set()


@of([module for module in MODULES if module.folder == "microdata"])
def test_microdata_do_not_know_tables(module: Module) -> None:
    assert below(module, "tables") == set()


@of([module for module in MODULES if module.folder == "tables"])
def test_tables_do_not_know_microdata(module: Module) -> None:
    assert below(module, "microdata") == set()


@of([module for module in MODULES if module.folder == "record"])
def test_records_are_verified_without_anything_that_made_them(module: Module) -> None:
    made_by = ("attack", "microdata", "tables", "protection", "road", "metadata", "report", "desk")
    assert below(module, *made_by) == set()


# ---------------------------------------------------------------- the edges


@of(
    [
        module
        for module in MODULES
        if module.folder not in ("flows",) and module.name != "cli/flow_verbs.py"
    ]
)
def test_only_flows_and_their_verbs_import_prefect(module: Module) -> None:
    assert "prefect" not in first_names(module)


@of([module for module in MODULES if module.name != "adapters/settings.py"])
def test_only_the_settings_read_the_environment(module: Module) -> None:
    named = {
        node.attr
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv")
    }
    imported = {name for name in module.imports if name in ("os.environ", "os.getenv")}
    assert named | imported == set()


@of([module for module in MODULES if module.folder == "adapters"])
def test_adapters_know_neither_the_command_nor_the_flows(module: Module) -> None:
    assert below(module, "cli", "flows") == set()


@of([module for module in MODULES if module.folder == "cli"])
def test_the_command_reads_and_writes_through_adapters(module: Module) -> None:
    found = {name for _, name in calls(module, READS_AND_WRITES)}
    assert found - OF_THE_CLI.get(module.name, set()) == set()
    allowed = {"pathlib"} | FOLDERS_OF_THE_CLI.get(module.name, set())
    assert first_names(module) & (NETWORK | FILES) - allowed == set()


@of([module for module in MODULES if module.folder == "flows"])
def test_flows_read_and_write_through_adapters(module: Module) -> None:
    assert calls(module, READS_AND_WRITES) == set()
    assert first_names(module) & ((NETWORK | FILES | CLOCK_AND_CHANCE) - {"pathlib"}) == set()


# ---------------------------------------------------------------- the rules themselves


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os", {"os"}),
        ("def f():\n    import os.path", {"os.path"}),
        ("from datetime import datetime", {"datetime.datetime"}),
        ("if TYPE_CHECKING:\n    from clearance.tables import codes", {"clearance.tables.codes"}),
        ("import_module('prefect')", {"prefect"}),
    ],
)
def test_an_import_is_seen_wherever_it_stands(source: str, expected: set[str]) -> None:
    assert Module("x.py", ast.parse(source)).imports == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("open('x')", ("", "open")),
        ("path.read_text()", ("path", "read_text")),
        ("tools.vault.open(x)", ("vault", "open")),
        ("datetime.now(UTC)", ("datetime", "now")),
        ("Path('x').open()", ("", "open")),
    ],
)
def test_a_call_is_seen_with_its_owner(source: str, expected: tuple[str, str]) -> None:
    module = Module("x.py", ast.parse(source))
    assert calls(module, READS_AND_WRITES | NOW) == {expected}
