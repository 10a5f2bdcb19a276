"""The figures of utility as Markdown, for the reviewer's report."""

from __future__ import annotations

from clearance.microdata.usefulness import Change, Utility

MOST_PAIRS = 10  # that are shown, the most changed first


def utility_lines(utility: Utility) -> list[str]:
    """Markdown for the reviewer: the figures, each column's change, the most changed pairs."""
    lost = utility.records - utility.published_records
    lines = [
        f"- granularity {utility.granularity:.4f}, discernibility {utility.discernibility}, "
        f"{utility.average_class_size:.1f} records per class, {lost} records left out",
        "",
        "| column or pair | total variation | Hellinger | Cramer's V before | after |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, change in utility.marginals.items():
        lines.append(f"| {_code(name)} | {_distances(change)} | | |")
    most = sorted(utility.pairs.items(), key=lambda each: -each[1].joint.total_variation)
    for (first, second), pair in most[:MOST_PAIRS]:
        association = f"{pair.cramers_v_before:.3f} | {pair.cramers_v_after:.3f}"
        names = f"{_code(first)}, {_code(second)}"
        lines.append(f"| {names} | {_distances(pair.joint)} | {association} |")
    return lines


def _distances(change: Change) -> str:
    return f"{change.total_variation:.3f} | {change.hellinger:.3f}"


def _code(name: str) -> str:
    return f"`{' '.join(name.split()).replace('`', '').replace('|', '/')}`"
