"""Values of the source that no published file shows any more, but a domain still lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from clearance.attack.coded import as_published
from clearance.attack.levels import Coverage
from clearance.attack.public_text import segments, structural_words, texts
from clearance.attack.published import PublishedMicrodata
from clearance.attack.reading import UnreadableFileError
from clearance.attack.result import Truth, blocked
from clearance.findings import Finding
from clearance.hierarchy import MISSING, SUPPRESSED_LABEL, Hierarchy

Pieces = Mapping[str, frozenset[str]]


def metadata_segments(files: Mapping[str, bytes]) -> Pieces:
    """Path to the pieces of each readable metadata file; an unreadable one has none."""
    return {path: _segments(path, content) for path, content in files.items()}


def check_vanished(
    published: PublishedMicrodata,
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
    pieces: Pieces,
    shown: frozenset[str],
) -> Iterator[Finding]:
    """That no metadata file names a value which was suppressed everywhere (THREATS 10).

    A whole level of a public hierarchy is a code list and may be named, a selection may not.
    """
    ordinary = structural_words(published.plan) | shown | {MISSING}
    for name in published.names:
        if name in published.links or name not in truth.dataset.columns:
            continue
        source = truth.engine.values(truth.dataset, name)["value"].tolist()
        before, code_list = _before(published, hierarchies, name, source)
        gone = before - ordinary
        yield from _named(name, gone, code_list, pieces)


def _before(
    published: PublishedMicrodata,
    hierarchies: Mapping[str, Hierarchy],
    name: str,
    source: list[str],
) -> tuple[set[str], set[str]]:
    """What the column would show if nothing had been suppressed, and its public code list."""
    if name in published.levels:
        hierarchy, level = hierarchies[name], published.levels[name]
        recoding = hierarchy.recoding(level)
        before = {recoding.get(value, MISSING) for value in source}
        return before, set(hierarchy.labels(level)) - {MISSING}
    if name in published.coverage:
        return _of_unseen_leaves(published.coverage[name], hierarchies[name], source), set()
    return set(as_published(published.plan.variable(name), source, published.values(name))), set()


def _of_unseen_leaves(coverage: Coverage, hierarchy: Hierarchy, source: list[str]) -> set[str]:
    """Labels of any level that only leaves have which no label but that of everything covers."""
    seen = np.zeros(len(hierarchy.leaves), dtype=np.bool_)
    for level, group, label in zip(coverage.level, coverage.group, coverage.labels, strict=True):
        if label != SUPPRESSED_LABEL:
            seen |= coverage.groups[level] == group
    held = set(source)
    inside = np.array([leaf in held for leaf in hierarchy.leaves], dtype=np.bool_)
    labels = np.array(hierarchy.levels, dtype=object)
    return set(labels[:, inside & ~seen].ravel()) - set(labels[:, seen].ravel())


def _named(name: str, gone: set[str], code_list: set[str], pieces: Pieces) -> Iterator[Finding]:
    for path, found in pieces.items():
        named = gone & found
        if named and not (code_list and code_list <= found):
            yield blocked(
                "vanished-value-named",
                f"{path}: {name}",
                len(named),
                f"{len(named)} values of {name} that were suppressed everywhere stand in it; "
                f"derive domains from the published values or a whole public code list",
            )


def _segments(path: str, content: bytes) -> frozenset[str]:
    try:
        return segments(texts(path, content))
    except UnreadableFileError:
        return frozenset()
