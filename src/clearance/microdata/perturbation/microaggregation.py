"""Microaggregation: groups of at least k similar units, each value replaced by its group's mean.

Group means keep totals and means. Several variables are grouped by MDAV, in time that grows with
the square of the units, so beyond `MOST_AT_ONCE` within blocks; one variable is grouped optimally
in time that grows with the units times k.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clearance.errors import DisclosureRiskError
from clearance.microdata.perturbation.draws import Floats

Ints = npt.NDArray[np.int64]

MOST_AT_ONCE = 20_000
OF_A_BLOCK = 5_000  # what takes longer is worth little: a block holds the neighbours


def groups_of(points: Floats, k: int) -> Ints:
    """The number of each point's group; every group has ``k`` to 2 ``k`` - 1 points.

    ``points``: shape (units, variables), complete, in an order that says nothing. Ties are
    broken by that order. DisclosureRiskError where there are fewer than ``k``.
    """
    if len(points) < k:
        raise DisclosureRiskError(
            f"{len(points)} units with values are fewer than k={k} of the microaggregation"
        )
    if points.shape[1] == 1:
        return optimal_groups(points[:, 0], k)
    spread = points.std(axis=0)
    standard = (points - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    groups = np.empty(len(points), dtype=np.int64)
    begun = 0
    for block in _blocks(standard, k):
        found = mdav(standard[block], k)
        groups[block] = found + begun
        begun += int(found.max()) + 1
    return groups


def centroids(points: Floats, groups: Ints) -> Floats:
    """For each point the mean of its group."""
    sizes = np.bincount(groups)
    means = [np.bincount(groups, weights=column) / sizes for column in points.T]
    return np.column_stack([mean[groups] for mean in means])


def mdav(points: Floats, k: int) -> Ints:
    """Groups by maximum distance to the average vector, in squared Euclidean distance.

    Twice a round: the point farthest from the mean of those left and, after it, the point farthest
    from that one take their ``k`` - 1 nearest. Fewer than 2 ``k`` left are a group.
    Source: Domingo-Ferrer and Mateo-Sanz (2002), "Practical data-oriented microaggregation for
    statistical disclosure control"; Domingo-Ferrer and Torra (2005), algorithm MDAV-generic.
    """
    groups = np.full(len(points), -1, dtype=np.int64)
    left, number = np.arange(len(points)), 0
    while len(left) >= 3 * k:
        first = _farthest(points[left], points[left].mean(axis=0))
        distant = points[left[first]]
        opposite = points[left[_farthest(points[left], distant)]]
        for centre in (distant, opposite):
            taken = _nearest(points[left], centre, k)
            groups[left[taken]] = number
            left, number = np.delete(left, taken), number + 1
    if len(left) >= 2 * k:
        extreme = points[left[_farthest(points[left], points[left].mean(axis=0))]]
        taken = _nearest(points[left], extreme, k)
        groups[left[taken]] = number
        left, number = np.delete(left, taken), number + 1
    groups[left] = number
    return groups


def optimal_groups(values: Floats, k: int) -> Ints:
    """Groups of neighbouring values with the least sum of squares within them.

    Source: Hansen and Mukherjee (2003), "A polynomial algorithm for optimal univariate
    microaggregation": the shortest path over the sorted values.
    """
    order = np.argsort(values, kind="stable")
    centred = values[order] - values.mean()
    cuts = _cuts(centred.tolist(), k)
    groups = np.empty(len(values), dtype=np.int64)
    for number, (begin, end) in enumerate(cuts):
        groups[order[begin:end]] = number
    return groups


def _cuts(values: list[float], k: int) -> list[tuple[int, int]]:
    """Begin and end of each group of the sorted ``values``, the last one first."""
    count = len(values)
    sums, squares = [0.0], [0.0]
    for value in values:
        sums.append(sums[-1] + value)
        squares.append(squares[-1] + value * value)
    best, came_from = [0.0] + [float("inf")] * count, [0] * (count + 1)
    for end in range(k, count + 1):
        for begin in range(max(0, end - 2 * k + 1), end - k + 1):
            within = sums[end] - sums[begin]
            cost = best[begin] + squares[end] - squares[begin] - within * within / (end - begin)
            if cost < best[end]:
                best[end], came_from[end] = cost, begin
    cuts, end = [], count
    while end:
        cuts.append((came_from[end], end))
        end = came_from[end]
    return cuts


def _blocks(points: Floats, k: int) -> list[Ints]:
    """All of them, or `OF_A_BLOCK` at most along the direction of the largest variance."""
    if len(points) <= MOST_AT_ONCE:
        return [np.arange(len(points))]
    _, vectors = np.linalg.eigh(points.T @ points)
    order = np.argsort(points @ vectors[:, -1], kind="stable")
    blocks = -(-len(points) // OF_A_BLOCK)
    return [
        np.sort(block) for block in np.array_split(order, max(1, min(blocks, len(points) // k)))
    ]


def _distances(points: Floats, centre: Floats) -> Floats:
    apart = points - centre
    return np.asarray(np.einsum("ij,ij->i", apart, apart))


def _farthest(points: Floats, centre: Floats) -> int:
    return int(_distances(points, centre).argmax())


def _nearest(points: Floats, centre: Floats, count: int) -> Ints:
    """Positions of the ``count`` points nearest to ``centre``; of ties those that come first."""
    distances = _distances(points, centre)
    limit = np.partition(distances, count - 1)[count - 1]
    closer = np.flatnonzero(distances < limit)
    ties = np.flatnonzero(distances == limit)[: count - len(closer)]
    return np.concatenate([closer, ties])
