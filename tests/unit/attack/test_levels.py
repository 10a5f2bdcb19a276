from __future__ import annotations

from tests.forge import hierarchy

from clearance.attack.levels import consistent_levels, published_levels

PLACES = hierarchy(
    "place", {"Bern": ("west", "CH"), "Basel": ("west", "CH"), "Chur": ("Chur", "CH")}
)


def test_the_level_is_read_off_the_labels() -> None:
    assert consistent_levels(PLACES, {"Bern", "Chur"}) == (0,)
    assert consistent_levels(PLACES, {"west", "Chur"}) == (1,)
    assert consistent_levels(PLACES, {"*"}) == (3,)
    assert consistent_levels(PLACES, {"Bern", "west"}) == ()


def test_where_a_label_recurs_the_report_decides() -> None:
    for stated in (0, 1):
        levels, findings = published_levels(
            {"place": {"Chur"}}, {"place": PLACES}, {"place": stated}, where="file"
        )
        assert levels == {"place": stated}
        assert findings == ()


def test_a_report_that_the_labels_do_not_bear_out_blocks() -> None:
    levels, (finding,) = published_levels(
        {"place": {"Bern"}}, {"place": PLACES}, {"place": 2}, where="file"
    )
    assert levels == {"place": 0}
    assert finding.rule == "level-not-as-stated"


def test_labels_of_no_level_block() -> None:
    levels, (finding,) = published_levels(
        {"place": {"Bern", "west"}}, {"place": PLACES}, {"place": 0}, where="file"
    )
    assert levels == {}
    assert (finding.rule, finding.count) == ("label-of-no-level", 1)
