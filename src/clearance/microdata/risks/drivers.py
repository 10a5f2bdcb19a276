"""Which variables, and which few of them together, make records unique."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clearance.microdata.risks.suda import Suda, msu_score

MOST_SETS = 10  # that are named in a report


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """What makes records special.

    ``shares``: of the whole SUDA score, by variable, that comes from MSUs with it (0 to 1,
    the largest first; they add up to more than 1, as an MSU counts for each of its
    variables). ``sets``: the MSUs that most records have, with the number of those.
    ``max_size``: of the MSUs looked for; not ``complete`` means that scores are lower bounds.
    """

    records: int
    shares: Mapping[str, float]
    sets: tuple[tuple[tuple[str, ...], int], ...]
    max_size: int
    complete: bool


def drivers(found: Suda, variables: Sequence[str]) -> Drivers:
    """What drives the risk, in terms of ``variables``, SUDA's attributes in their order."""
    weight = {
        members: count * msu_score(len(members), found.attributes)
        for members, count in found.sets.items()
    }
    whole = sum(weight.values())
    shares = {
        name: sum(part for members, part in weight.items() if number in members) / whole
        for number, name in enumerate(variables)
        if whole
    }
    most = sorted(found.sets.items(), key=lambda each: (-each[1], len(each[0]), each[0]))
    return Drivers(
        records=int((found.score > 0).sum()),
        shares=dict(sorted(shares.items(), key=lambda each: -each[1])),
        sets=tuple(
            (tuple(variables[number] for number in members), count)
            for members, count in most[:MOST_SETS]
        ),
        max_size=found.max_size,
        complete=found.complete,
    )
