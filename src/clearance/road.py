"""The road of a release from the source to an attacked, sealed candidate.

read -> classify -> protect -> validate -> pack -> attack. This is where `Attacked` is
made, from the sealed bytes that withstood the attack, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from clearance.attack import AttackReport, Reader, Truth, attack
from clearance.attack.releases import check_earlier
from clearance.candidate import Candidate, ReleaseId, pack
from clearance.classify import Profile, classify
from clearance.coding import is_coded
from clearance.columns import typed
from clearance.content import Content
from clearance.desk import bind
from clearance.errors import InputError, PlanError, UnclassifiedError
from clearance.findings import Finding, blocking
from clearance.hierarchy import MISSING, Hierarchy, build, covering, from_rows
from clearance.metadata import PublishedOutput, public_files
from clearance.plan import HierarchyFile, Plan, Role, ValueType, Variable
from clearance.policy import Concentration, Policy, ReviewRules
from clearance.ports import Dataset, Engine, Ledger, Memory, SourceFile, Vault
from clearance.protection import (
    Fake,
    ProtectedCells,
    ProtectedMicrodata,
    perturb,
    protect_microdata,
    protect_source_table,
    table_from_microdata,
    types_of,
)
from clearance.report import Told, prefect_report, reviewers_report
from clearance.review import next_release
from clearance.stages import Attacked
from clearance.validate import PublishedFile, draft, validate

MOST_VALUES_PROFILED = 200_000  # distinct values of a column that the detectors look at


class Entry(Protocol):
    """What people wrote about a dataset, parsed; see `clearance.adapters.catalog`."""

    @property
    def plan(self) -> Plan: ...
    @property
    def plan_bytes(self) -> bytes: ...
    @property
    def policies(self) -> Mapping[str, Policy]: ...
    @property
    def policy_bytes(self) -> bytes: ...
    @property
    def concentration(self) -> Mapping[str, Concentration]: ...
    @property
    def hierarchy_rows(self) -> Mapping[str, Sequence[Sequence[str]]]: ...
    @property
    def schema(self) -> Mapping[str, Any] | None: ...
    @property
    def source(self) -> SourceFile: ...
    @property
    def population(self) -> SourceFile | None: ...
    @property
    def shares_source_with(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the road needs of the world.

    ``key``: the secret of a release and output; ``lasting_key``: of a dataset. ``note``: writes
    values that a steward must see to a private file and answers where it lies. ``seconds``: a
    stop-watch's reading.
    ``stage``: told the name of each stage as it begins.
    """

    engine: Engine
    vault: Vault
    memory: Memory
    ledger: Ledger
    key: Callable[[ReleaseId, str], bytes]
    lasting_key: Callable[[str], bytes]
    fake: Fake
    rows: Reader
    note: Callable[[str, Sequence[str]], str]
    seconds: Callable[[], float]
    stage: Callable[[str], None]
    code_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What steps 1 to 6 found. ``attacked`` is None where a finding blocks the release.

    ``report`` is for the reviewer alone, ``prefect_report`` for anybody who sees Prefect.
    ``schema_draft``: a JSON Schema to start from, where the dataset has none.
    """

    release: ReleaseId
    findings: tuple[Finding, ...]
    outputs: tuple[PublishedOutput, ...]
    attack: AttackReport
    candidate: Candidate
    attacked: Attacked | None
    report: str
    prefect_report: str
    compared_releases: int
    schema_draft: Mapping[str, Any] | None
    seconds: Mapping[str, float]

    @property
    def releasable(self) -> bool:
        return self.attacked is not None


@dataclass(slots=True)
class _Watch:
    """Measures the stages and announces them."""

    tools: Tools
    measured: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.tools.stage(name)
        begun = self.tools.seconds()
        yield
        self.measured[name] = round(self.tools.seconds() - begun, 3)


def prepare(entry: Entry, tools: Tools, *, schema_required: bool) -> Prepared:
    """The candidate of ``entry``'s next release, sealed and attacked.

    Raises where the road ends before there are bytes to attack: `InputError`,
    `UnclassifiedError`, `PlanError`, `DisclosureRiskError`, `MemoryMissingError`. What the
    attack and the checks before it find is in ``findings``, which block or not.
    """
    plan, watch = entry.plan, _Watch(tools)
    release = next_release(tools.ledger.entries(), plan.dataset, plan.period)
    with watch.stage("read"):
        raw = tools.engine.load(entry.source)
        earlier = {each: tools.memory.recall(each) for each in tools.memory.releases(plan.dataset)}
    with watch.stage("classify"):
        findings = [*_classified(tools.engine, raw, plan), *_linked(entry), *_summed_bare(plan)]
        truth = _typed(raw, plan, tools)
        population = _population(entry, tools)
        hierarchies = _hierarchies(entry, truth, population, tools)
    with watch.stage("protect"):
        changed = perturb(tools.engine, truth, plan, key=tools.lasting_key(plan.dataset))
        known = Truth(
            engine=tools.engine,
            dataset=changed.dataset,
            concentration=entry.concentration,
            population=population,
            original=truth if changed.dataset != truth else None,
        )
        protected = _protected(entry, known, hierarchies, release, tools)
        outputs = tuple(_published(each, tools.engine) for each in protected)
        findings += _hidden(outputs, hierarchies)
    with watch.stage("validate"):
        files = [_file(output) for output in outputs]
        findings += _validated(entry, files, schema_required=schema_required)
    with watch.stage("pack"):
        predecessor = max(earlier, key=lambda each: (each.period, each.number), default=None)
        candidate = pack(release, _contents(entry, release, outputs, predecessor))
        sealed = tools.vault.seal(candidate)
    with watch.stage("attack"):
        opened = tools.vault.open(sealed)
        attacked = attack(
            opened.files,
            plan=plan,
            policies=entry.policies,
            hierarchies=hierarchies,
            truth=known,
            rows=tools.rows,
        )
        findings += [
            *attacked.findings,
            *check_earlier(
                opened.files,
                earlier,
                release=release,
                plan=plan,
                policies=entry.policies,
                hierarchies=hierarchies,
                truth=known,
                rows=tools.rows,
            ),
        ]
    told = Told(
        plan=entry.plan,
        policies=entry.policies,
        release=release,
        outputs=outputs,
        attack=attacked,
        findings=tuple(findings),
        preserved=changed.preserved,
    )
    report = reviewers_report(told, plan_text=entry.plan_bytes.decode("utf-8-sig"))
    tools.vault.seal_report(sealed.manifest.digest, report.encode())
    clean = not blocking(findings)
    return Prepared(
        release=release,
        findings=tuple(findings),
        outputs=outputs,
        attack=attacked,
        candidate=opened,
        attacked=(
            Attacked(
                sealed=sealed,
                bindings=bind(
                    sealed.manifest,
                    plan=entry.plan_bytes,
                    policies=entry.policy_bytes,
                    report=report.encode(),
                    code_version=tools.code_version,
                    predecessor=str(predecessor) if predecessor else None,
                    memory_head=tools.memory.head(plan.dataset),
                    vault=tools.vault,
                ),
                title=plan.title,
                steward=plan.steward,
                policies=tuple(sorted(entry.policies)),
                review=strictest_review(entry.policies),
                not_before=plan.not_before,
            )
            if clean
            else None
        ),
        report=report,
        prefect_report=prefect_report(told),
        compared_releases=len(earlier),
        schema_draft=(
            draft(files, dataset=plan.dataset, title=plan.title) if entry.schema is None else None
        ),
        seconds=watch.measured,
    )


def strictest_review(policies: Mapping[str, Policy]) -> ReviewRules:
    """Most approvals, shortest validity, strongest assurance among the policies."""
    rules = [policy.review for policy in policies.values()]
    return ReviewRules(
        approvals=max(each.approvals for each in rules),
        assurance=max((each.assurance for each in rules), key="one-time-code signature".find),
        valid_days=min(each.valid_days for each in rules),
    )


# ---------------------------------------------------------------- read and classify


def _classified(engine: Engine, raw: Dataset, plan: Plan) -> tuple[Finding, ...]:
    profiles = [_profile(engine, raw, column) for column in raw.columns]
    findings = classify(plan, profiles)
    stopping = blocking(findings)
    if stopping:
        lines = "\n".join(f"{each.where}: {each.message}" for each in stopping)
        raise UnclassifiedError(lines, findings=findings)
    return findings


def _profile(engine: Engine, raw: Dataset, column: str) -> Profile:
    found = engine.sample(raw, column, most=MOST_VALUES_PROFILED)
    return Profile(column, found.values, found.records, unseen=found.distinct - len(found.values))


def _linked(entry: Entry) -> Iterator[Finding]:
    """One source under two plans is one release's worth of knowledge (THREATS 1)."""
    if entry.shares_source_with:
        others = ", ".join(entry.shares_source_with)
        yield Finding(
            rule="shared-source",
            severity="block",
            where="source.path",
            count=len(entry.shares_source_with),
            message=(
                f"{others} reads the same source; their releases can be joined and are not "
                f"attacked together yet; keep one plan for this source"
            ),
        )


def _summed_bare(plan: Plan) -> Iterator[Finding]:
    """Coding is of records: the sums of a table from the source hold the amounts as they are."""
    for table in plan.tables:
        if table.source is None and table.sum_of and is_coded(plan.variable(table.sum_of)):
            yield Finding(
                rule="summed-as-it-is",
                severity="warn",
                where=f"table {table.name}: {table.sum_of}",
                count=1,
                message=(
                    f"top_code, bottom_code and round_to of {table.sum_of} are for microdata; this "
                    f"table sums the amounts of the source, protected by the table's rules alone"
                ),
            )


def _typed(raw: Dataset, plan: Plan, tools: Tools) -> Dataset:
    """The rows with every value in its type's canonical text."""
    lookups, unreadable = {}, {}
    for variable in plan.variables:
        if variable.type is ValueType.TEXT or variable.name not in raw.columns:
            continue
        read = typed(tools.engine.values(raw, variable.name)["value"].tolist(), variable.type)
        if read.changes:
            lookups[variable.name] = read.lookup
        if read.unreadable:
            unreadable[variable.name] = read.unreadable
    if unreadable:
        raise InputError(
            "\n".join(
                f"{name}: {len(values)} distinct values are no {plan.variable(name).type.value}; "
                f"they are listed in {tools.note(f'{plan.dataset}-{name}-unreadable', values)}"
                for name, values in unreadable.items()
            )
        )
    return tools.engine.recode(raw, lookups) if lookups else raw


def _population(entry: Entry, tools: Tools) -> Dataset | None:
    """The population's quasi-identifiers as canonical text, where the plan names a population."""
    if entry.population is None:
        return None
    raw = tools.engine.load(entry.population)
    quasi = {variable.name for variable in entry.plan.with_role(Role.QUASI_IDENTIFIER)}
    absent = sorted(quasi - set(raw.columns))
    if absent:
        raise InputError(
            f"{entry.population.path.name}: the population lacks {len(absent)} quasi-identifiers "
            f"of the plan: {', '.join(absent)}"
        )
    return _typed(raw, entry.plan, tools)


def _hierarchies(
    entry: Entry, truth: Dataset, population: Dataset | None, tools: Tools
) -> dict[str, Hierarchy]:
    """Of the quasi-identifiers, and of sensitive attributes that have one for distances."""
    return {
        variable.name: _hierarchy(entry, variable, truth, population, tools)
        for variable in entry.plan.variables
        if variable.role is Role.QUASI_IDENTIFIER or variable.hierarchy is not None
    }


def _hierarchy(
    entry: Entry, variable: Variable, truth: Dataset, population: Dataset | None, tools: Tools
) -> Hierarchy:
    name, source = variable.name, variable.hierarchy
    values = tools.engine.values(truth, name)["value"].tolist()
    if population is not None and variable.role is Role.QUASI_IDENTIFIER:
        values = sorted({*values, *tools.engine.values(population, name)["value"]})
    if isinstance(source, HierarchyFile):
        where = f"{entry.plan.dataset}/{source.path}"
        hierarchy = from_rows(name, entry.hierarchy_rows[name], where=where)
    else:
        hierarchy = build(name, source, values, kind=variable.type)
    unknown = sorted(set(values) - set(hierarchy.leaves) - {MISSING})
    if unknown:
        noted = tools.note(f"{entry.plan.dataset}-{name}-no-leaf", unknown)
        raise PlanError(
            f"hierarchy of '{name}': {len(unknown)} distinct values of the column are no leaf of "
            f"it; they are listed in {noted}; add them to the hierarchy or repair the data"
        )
    return covering(hierarchy, values)


# ---------------------------------------------------------------- protect and pack


def _protected(
    entry: Entry,
    known: Truth,
    hierarchies: Mapping[str, Hierarchy],
    release: ReleaseId,
    tools: Tools,
) -> list[ProtectedMicrodata | ProtectedCells]:
    """Every output, in the plan's order; tables from microdata after those."""
    microdata = {}
    for output in entry.plan.microdata:
        rules = entry.policies[output.policy].microdata
        if rules is None:
            raise PlanError(f"policy '{output.policy}' has no section 'microdata'")
        microdata[output.name] = protect_microdata(
            tools.engine,
            known.dataset,
            entry.plan,
            output,
            rules,
            hierarchies,
            key=tools.key(release, output.name),
            fake=tools.fake,
            true=known.original,
            population=known.population,
        )
    tables = []
    for table in entry.plan.tables:
        if table.source is not None:
            made = table_from_microdata(
                tools.engine, microdata[table.source], entry.plan, table, hierarchies
            )
        else:
            made = protect_source_table(
                tools.engine,
                known.dataset,
                entry.plan,
                table,
                entry.policies[table.policy],
                hierarchies,
                entry.concentration.get(table.policy),
            )
        tables.append(made)
    return [*microdata.values(), *tables]


def _published(protected: ProtectedMicrodata | ProtectedCells, engine: Engine) -> PublishedOutput:
    name = protected.output.name
    path = f"data/{name}.csv"
    if isinstance(protected, ProtectedCells):
        return PublishedOutput.of_table(protected, path)
    exported = engine.export(protected.dataset, types_of(protected.columns))
    return PublishedOutput.of_microdata(protected, path, exported)


def _hidden(
    outputs: Sequence[PublishedOutput], hierarchies: Mapping[str, Hierarchy]
) -> Iterator[Finding]:
    """Columns of microdata that say nothing any more: safe, but is it what was wanted?"""
    for output in outputs:
        for column in output.columns:
            if column.level and column.level == hierarchies[column.name].height:
                yield Finding(
                    rule="column-not-shown",
                    severity="warn",
                    where=f"{output.path}: {column.name}",
                    count=1,
                    message=(
                        "every value is replaced by *; to keep some of it, give another "
                        "quasi-identifier a coarser hierarchy, or leave one out"
                    ),
                )


def _file(output: PublishedOutput) -> PublishedFile:
    return PublishedFile(
        name=output.name,
        rows=output.rows,
        types=types_of(output.columns),
        made_up=frozenset(
            column.name for column in output.columns if column.role is Role.DIRECT_IDENTIFIER
        ),
    )


def _validated(
    entry: Entry, files: Sequence[PublishedFile], *, schema_required: bool
) -> tuple[Finding, ...]:
    if entry.schema is not None:
        return validate(files, entry.schema)
    return (
        Finding(
            rule="schema-missing",
            severity="block" if schema_required else "warn",
            where=f"schemas/datasets/{entry.plan.dataset}.schema.json",
            count=1,
            message=(
                "the dataset has no JSON Schema yet; 'clearance check --out DIR' drafts one "
                "from what would be published; read it, correct it and put it there"
            ),
        ),
    )


def _contents(
    entry: Entry,
    release: ReleaseId,
    outputs: Sequence[PublishedOutput],
    predecessor: ReleaseId | None,
) -> dict[str, Content]:
    data = {path: content for output in outputs for path, content in output.files.items()}
    return data | public_files(entry.plan, release, outputs, entry.policies, predecessor)
