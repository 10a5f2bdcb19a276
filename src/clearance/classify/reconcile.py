"""The declared role and the detectors' findings reconciled: the stricter wins.

A column that is published under a weaker role than its content asks for stops the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clearance.classify import detectors
from clearance.findings import Finding
from clearance.plan import Plan, Role, ValueType, Variable

MOST_VALUES_LOOKED_AT = 20_000
IDENTIFIER_SHARE = 0.05  # of distinct values that look like e-mail, telephone or IP
NEAR_UNIQUE_SHARE = 0.9  # distinct values per record
FEWEST_RECORDS_FOR_NEAR_UNIQUE = 20


@dataclass(frozen=True, slots=True)
class Profile:
    """A column of the source: its distinct non-missing values and how many records hold one.

    ``values`` are some of the distinct ones where there are very many; ``unseen``: how many
    there are beside them.
    """

    column: str
    values: Sequence[str]
    records: int
    unseen: int = 0

    @property
    def distinct(self) -> int:
        return len(self.values) + self.unseen


def classify(plan: Plan, profiles: Sequence[Profile]) -> tuple[Finding, ...]:
    """What is wrong with the declared roles; blocking findings stop the run.

    Every column of the source needs a role and every variable of the plan a column.
    """
    variables = {variable.name: variable for variable in plan.variables}
    columns = {profile.column for profile in profiles}
    strangers = [each.column for each in profiles if each.column not in variables]
    headless = len(strangers) == len(profiles) > 1
    return (
        *([_no_header(len(strangers))] if headless else map(_unclassified, strangers)),
        *(_absent(name) for name in variables if name not in columns),
        *(
            finding
            for profile in profiles
            if profile.column in variables
            for finding in _weaker(variables[profile.column], profile)
        ),
        *(
            finding
            for profile in profiles
            if profile.column in variables and plan.microdata  # tables show no record
            for finding in _near_unique(variables[profile.column], profile)
        ),
    )


def _no_header(count: int) -> Finding:
    """Names no column: where the header is missing they are the first record's values."""
    return Finding(
        rule="unclassified-column",
        severity="block",
        where="the source",
        count=count,
        message=(
            f"none of its {count} columns has a name that the plan knows; "
            f"give the source a header line with the names of the plan's variables"
        ),
    )


def _unclassified(column: str) -> Finding:
    return Finding(
        rule="unclassified-column",
        severity="block",
        where=column,
        count=1,
        message="the source has this column and the plan gives it no role; add it to variables",
    )


def _absent(name: str) -> Finding:
    return Finding(
        rule="absent-column",
        severity="block",
        where=name,
        count=1,
        message="the plan names this column and the source does not have it; correct its name",
    )


def _weaker(variable: Variable, profile: Profile) -> Iterator[Finding]:
    """Findings where ``variable`` is published and looks like something stricter."""
    if variable.role in (Role.DIRECT_IDENTIFIER, Role.STRUCTURAL):
        return
    sample = spread(profile.values, MOST_VALUES_LOOKED_AT)
    kinds = {
        "e-mail addresses": detectors.email_share(profile.values),
        "IP addresses": detectors.ip_share(profile.values),
        "telephone numbers": detectors.telephone_share(sample),
    }
    for kind, share in kinds.items():
        count = max(1, round(share * profile.distinct))
        if share >= IDENTIFIER_SHARE:
            yield _too_weak(variable, f"holds {kind}", count)
        elif share > 0:
            yield _a_few(variable, kind, count)
    if detectors.named_as_telephone(profile.column, sample):
        yield _too_weak(variable, "is named as if it held telephone numbers", profile.distinct)
    if detectors.named_as_a_name(profile.column):
        yield _too_weak(variable, "is named as if it held people's names", profile.distinct)
    yield from _birth(variable, profile, sample)
    yield from _look_alike(variable, profile)


def spread(values: Sequence[str], most: int) -> Sequence[str]:
    """At most ``most`` of the values, evenly spread: they are sorted, their ends differ."""
    return values[:: -(-len(values) // most)] if len(values) > most else values


def _birth(variable: Variable, profile: Profile, sample: Sequence[str]) -> Iterator[Finding]:
    if variable.role is not Role.QUASI_IDENTIFIER and detectors.is_date_of_birth(
        profile.column, sample
    ):
        yield Finding(
            rule="role-too-weak",
            severity="block",
            where=variable.name,
            count=profile.distinct,
            message="holds dates of birth; declare it a quasi-identifier with a date hierarchy",
        )


def _near_unique(variable: Variable, profile: Profile) -> Iterator[Finding]:
    if variable.role in (Role.DIRECT_IDENTIFIER, Role.STRUCTURAL):
        return
    if profile.records < FEWEST_RECORDS_FOR_NEAR_UNIQUE:
        return
    distinct = profile.distinct
    if distinct < NEAR_UNIQUE_SHARE * profile.records or variable.role is Role.QUASI_IDENTIFIER:
        return
    softened = variable.round_to is not None
    yield Finding(
        rule="near-unique-column",
        severity="warn" if softened else "block",
        where=variable.name,
        count=distinct,
        message=(
            "nearly every record has a value of its own, so that the column identifies records; "
            "declare it a direct-identifier or quasi-identifier, or round it"
        ),
    )


def _look_alike(variable: Variable, profile: Profile) -> Iterator[Finding]:
    """Spellings of one sensitive value would count as several in every diversity model."""
    if variable.role is not Role.SENSITIVE_ATTRIBUTE or variable.type is not ValueType.TEXT:
        return
    spellings = len(profile.values) - len({detectors.spoken(value) for value in profile.values})
    if spellings:
        yield Finding(
            rule="look-alike-values",
            severity="block",
            where=variable.name,
            count=spellings,
            message=(
                f"{spellings} of its distinct values differ from another one by case, spaces or "
                f"the form of letters only, and would pass for diversity; write each value in "
                f"one way in the source"
            ),
        )


def _a_few(variable: Variable, kind: str, count: int) -> Finding:
    return Finding(
        rule="identifiers-in-column",
        severity="warn",
        where=variable.name,
        count=count,
        message=f"a few of its values look like {kind}; remove them from the source if they are",
    )


def _too_weak(variable: Variable, looks: str, count: int) -> Finding:
    return Finding(
        rule="role-too-weak",
        severity="block",
        where=variable.name,
        count=count,
        message=(
            f"{looks} and is declared {variable.role.value}; "
            f"declare it a direct-identifier (it is dropped unless the plan says otherwise)"
        ),
    )
