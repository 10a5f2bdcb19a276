"""What is advised beside a decision and where there is none: settings that do what they say."""

from __future__ import annotations

import re
from fractions import Fraction

import pandas as pd
import pytest

from clearance.errors import DisclosureRiskError
from clearance.hierarchy import Hierarchy
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.lattice import search
from clearance.policy import DistinctL, EntropyL, Loss, MicrodataRules, Model

AGES = ("9", "15", "17", "43", "45")
SHORT = Hierarchy("age", (AGES, ("0-17",) * 3 + ("18-64",) * 2))
AGE = Hierarchy("age", (*SHORT.levels, ("*",) * 5))


def rules(k: int, share: str, *models: Model, loss: Loss = Loss.GRANULARITY) -> MicrodataRules:
    return MicrodataRules(k=k, max_suppressed_share=Fraction(share), models=models, loss=loss)


def ages(hierarchy: Hierarchy, **records: int) -> Histogram:
    frame = pd.DataFrame({"age": [name[1:] for name in records], "records": list(records.values())})
    return histogram_of(frame, variables=["age"], hierarchies={"age": hierarchy})


def share_in(text: str) -> str:
    found = re.search(r"max_suppressed_share (\d\.\d+)", text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("loss", list(Loss))
def test_a_larger_limit_that_would_lose_less_is_advised_and_does(loss: Loss):
    data = ages(AGE, a9=4, a15=9, a17=9, a43=9, a45=9)
    decision = search(data, rules(5, "0", loss=loss))
    [advice] = decision.advice
    wider = search(data, rules(5, share_in(advice), loss=loss))
    by = "granularity" if loss is Loss.GRANULARITY else "entropy_bits"
    assert share_in(advice) == "0.1000"
    assert wider.loss[by] < decision.loss[by]
    assert f"{wider.loss[by]:.6g}" in advice
    assert "levels age 0" in advice


def test_a_share_is_rounded_up_so_that_it_is_enough():
    data = ages(AGE, a9=1, a15=7, a17=7)
    decision = search(data, rules(5, "0"))
    assert share_in(decision.advice[0]) == "0.0667"  # 1/15 = 0.06666...
    assert search(data, rules(5, "0.0667")).suppressed_units == 1


def test_where_nothing_can_be_gained_nothing_is_advised():
    assert search(ages(AGE, a9=5, a43=6), rules(5, "0")).advice == ()


def refused(data: Histogram, asked: MicrodataRules) -> str:
    with pytest.raises(DisclosureRiskError) as caught:
        search(data, asked)
    return str(caught.value)


def test_what_cannot_be_met_names_the_least_limit_with_which_it_can():
    data = ages(SHORT, a9=2, a43=4, a45=5)
    message = refused(data, rules(5, "0"))
    assert "max_suppressed_share 0.1819" in message
    assert search(data, rules(5, "0.1819")).suppressed_units == 2


def test_what_cannot_be_met_names_the_k_that_can_be_reached():
    data = ages(SHORT, a9=2, a43=4, a45=5)
    assert "k=2 can be reached" in refused(data, rules(5, "0"))
    assert search(data, rules(2, "0")).k >= 2
    few = ages(AGE, a9=2, a15=1)
    assert "k=3 can be reached" in refused(few, rules(5, "0"))


def test_what_cannot_be_met_names_the_variable_that_needs_a_coarser_top():
    message = refused(ages(SHORT, a9=2, a43=4, a45=5), rules(5, "0"))
    assert "a level of 'age' that covers everything would do" in message
    assert "covers everything would do" not in refused(ages(AGE, a9=2), rules(5, "0"))


def test_a_k_that_a_model_forbids_is_not_advised():
    frame = pd.DataFrame({"age": ["9", "9"], "d": ["flu", "flu"], "records": [4, 5]})
    data = histogram_of(frame, variables=["age"], hierarchies={"age": AGE}, sensitive=["d"])
    message = refused(data, rules(5, "0", DistinctL("d", 2), EntropyL("d", Fraction("1.5"))))
    assert "can be reached" not in message
    assert "distinct-l (variable: d, l: 2), entropy-l (variable: d, l: 1.5)" in message


def test_no_text_quotes_a_value():
    secret = Hierarchy("age", (("secret-1", "secret-2"),))
    frame = pd.DataFrame({"age": ["secret-1", "secret-2"], "records": [4, 5]})
    data = histogram_of(frame, variables=["age"], hierarchies={"age": secret})
    assert "secret" not in refused(data, rules(5, "0"))
    assert "secret" not in "".join(search(data, rules(4, "0")).advice)
