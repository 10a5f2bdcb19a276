"""The catalog on disk: a folder per dataset, policies, and the schemas folder beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clearance import plan as plans
from clearance import policy as policies
from clearance.documents import place, read_json, read_yaml
from clearance.errors import ClearanceError, PlanError, PolicyError
from clearance.plan import HierarchyFile, Plan
from clearance.policy import Concentration, Policy
from clearance.ports import Source, SourceFile

PLAN_FILE = "plan.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEntry:
    """Everything that people wrote about one dataset, parsed, with the bytes they wrote.

    ``policy_bytes``: public and secret parts; committed to under a secret salt only.
    ``hierarchy_rows``: by variable, the rows of its hierarchy CSV.
    ``population``: the table of the population, None where the plan names none.
    ``schema``: the dataset's JSON Schema, None where there is none yet.
    ``shares_source_with``: other datasets of the catalog that read the same source.
    """

    plan: Plan
    plan_bytes: bytes
    policies: Mapping[str, Policy]
    policy_bytes: bytes
    concentration: Mapping[str, Concentration]
    hierarchy_rows: Mapping[str, Sequence[Sequence[str]]]
    schema: Mapping[str, Any] | None
    source: SourceFile
    population: SourceFile | None
    shares_source_with: tuple[str, ...]


def datasets(catalog: Path) -> tuple[str, ...]:
    """The ids of the catalog's datasets, sorted."""
    return tuple(sorted(path.parent.name for path in catalog.glob(f"*/{PLAN_FILE}")))


def load(catalog: Path, dataset: str, *, private_policies: Path, sources: Source) -> CatalogEntry:
    """The entry of ``dataset``.

    PlanError, PolicyError: a document is wrong. InputError: the source is not there.
    """
    plan, written = load_plan(catalog, dataset)
    folder = catalog / dataset
    chosen, public_bytes = _policies(catalog, plan)
    policies.check_suits(plan, chosen)
    concentration, secret_bytes = _concentration(plan, chosen, private_policies)
    return CatalogEntry(
        plan=plan,
        plan_bytes=written,
        policies=chosen,
        policy_bytes=public_bytes + secret_bytes,
        concentration=concentration,
        hierarchy_rows=_hierarchy_rows(plan, folder),
        schema=_schema(catalog, dataset),
        source=sources.locate(plan.source_path, folder=folder),
        population=(
            sources.locate(plan.population_path, folder=folder) if plan.population_path else None
        ),
        shares_source_with=_sharing(catalog, plan),
    )


def load_plan(catalog: Path, dataset: str) -> tuple[Plan, bytes]:
    """The plan of ``dataset`` and the bytes it was read from."""
    if not catalog.is_dir():
        raise PlanError(f"{catalog}: there is no catalog here; 'clearance init DIR' makes one")
    path = catalog / dataset / PLAN_FILE
    if Path(dataset).name != dataset or not path.is_file():
        known = ", ".join(datasets(catalog)) or "none"
        raise PlanError(f"there is no dataset '{dataset}' in the catalog; it has: {known}")
    written = path.read_bytes()
    where = f"{dataset}/{PLAN_FILE}"
    document = read_yaml(_text(written, where, PlanError), where=where)
    return plans.parse(document, dataset=dataset, where=where), written


def _policies(catalog: Path, plan: Plan) -> tuple[dict[str, Policy], bytes]:
    """The policies that the plan's outputs name, and their bytes one after another."""
    chosen, written = {}, b""
    for name in sorted({output.policy for output in plan.outputs}):
        path = catalog / "policies" / f"{name}.yaml"
        if not path.is_file():
            raise PolicyError(f"there is no policy '{name}' in {path.parent}")
        where = f"policies/{path.name}"
        content = path.read_bytes()
        text = _text(content, where, PolicyError)
        policy = policies.parse(read_yaml(text, where=where, error=PolicyError), where=where)
        if policy.id != name:
            raise PolicyError(f"{where}: id: expected '{name}', the name of the file")
        chosen[name] = policy
        written += content
    return chosen, written


def _concentration(
    plan: Plan, chosen: Mapping[str, Policy], private: Path
) -> tuple[dict[str, Concentration], bytes]:
    """The secret parts of the policies of tables straight from the source, and their bytes."""
    secrets, written = {}, b""
    for table in plan.tables:
        rules = chosen[table.policy].tables
        if table.source is not None or rules is None or rules.concentration_file is None:
            continue
        path = private / rules.concentration_file
        if not path.is_file():
            raise PolicyError(
                f"policy '{table.policy}': its secret part is not in the private policy folder; "
                f"the methodologist puts {rules.concentration_file} into {private}"
            )
        where = f"private policy {rules.concentration_file}"
        content = path.read_bytes()
        document = read_yaml(_text(content, where, PolicyError), where=where, error=PolicyError)
        secrets[table.policy] = policies.parse_concentration(document, where=where)
        written += content
    return secrets, written


def _hierarchy_rows(plan: Plan, folder: Path) -> dict[str, list[list[str]]]:
    return {
        variable.name: _rows(folder / variable.hierarchy.path, variable.hierarchy.path)
        for variable in plan.variables
        if isinstance(variable.hierarchy, HierarchyFile)
    }


def _rows(path: Path, where: str) -> list[list[str]]:
    if not path.is_file():
        raise PlanError(f"hierarchy {where}: there is no such file")
    text = _text(path.read_bytes(), where, PlanError)
    delimiter = max(";,\t", key=text.partition("\n")[0].count)
    lines = io.StringIO(text, newline="")
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter, strict=True) if row]
    except csv.Error:
        raise PlanError(f"hierarchy {where}: quotes are not closed, or not doubled") from None
    if not rows:
        raise PlanError(f"hierarchy {where}: is empty; expected one row per leaf")
    return rows


def _schema(catalog: Path, dataset: str) -> Mapping[str, Any] | None:
    path = catalog.resolve().parent / "schemas" / "datasets" / f"{dataset}.schema.json"
    if not path.is_file():
        return None
    where = f"schemas/datasets/{path.name}"
    schema = read_json(_text(path.read_bytes(), where, PlanError), where=where)
    if not isinstance(schema, dict):
        raise PlanError(f"{where}: top level: is not a JSON Schema of 2020-12")
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as problem:
        path_in_schema = place(problem.absolute_path)
        raise PlanError(f"{where}: {path_in_schema}: is not a JSON Schema of 2020-12") from None
    return schema


def _sharing(catalog: Path, plan: Plan) -> tuple[str, ...]:
    """Datasets whose plan reads the same file: linked by construction (THREATS 1)."""
    own = (catalog / plan.dataset / plan.source_path).resolve()
    return tuple(
        other
        for other in datasets(catalog)
        if other != plan.dataset and _reads(catalog, other) == own
    )


def _reads(catalog: Path, dataset: str) -> Path | None:
    try:
        plan, _ = load_plan(catalog, dataset)
    except PlanError:
        return None
    return (catalog / dataset / plan.source_path).resolve()


def _text(content: bytes, where: str, error: type[ClearanceError]) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error(f"{where}: is not UTF-8") from None
