"""``clearance check`` where releases of the dataset are public already (THREATS 13)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from tests.small_catalog import PLAN, SmallCatalog, csv_text, people, write

from clearance.adapters.clock import SystemClock
from clearance.adapters.keys import KeyRing
from clearance.adapters.ledger import SqliteLedger
from clearance.adapters.memory import SealedMemory
from clearance.adapters.settings import Home, open_home
from clearance.candidate import ReleaseId


def published(catalog: SmallCatalog) -> None:
    """Remembers what a check of the catalog would release as if it had been public."""
    checked = catalog.check("--out", str(catalog.root / "out"))
    assert checked.exit_code == 0, checked.terminal
    folder = catalog.root / "out" / "candidate"
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    home = open_home(Home(catalog.home))
    ledger = SqliteLedger(home.ledger, home.locks)
    memory = SealedMemory(home.vault, KeyRing(home.keys), ledger, SystemClock())
    memory.remember(ReleaseId.parse(checked.answer["release"]), files)


def of_2027(catalog: SmallCatalog, plan: dict[str, Any], source: Sequence[Sequence[str]]) -> None:
    text = yaml.safe_dump(plan | {"period": "2027"}, sort_keys=False)
    (catalog.catalog / "people" / "plan.yaml").write_text(text)
    catalog.source.write_text(csv_text(source))


def a_year_later() -> list[Sequence[str]]:
    """Some people are gone, others came, and the health of all was asked anew."""
    health = ("good", "fair", "poor")
    return [
        (person, name, age, place, health[number * 7 % 3])
        for number, (person, name, age, place, _) in enumerate(people(230)[10:])
    ]


def changing(**variables: str) -> dict[str, Any]:
    """The plan, with the reason why each of these variables changes."""
    changed = {
        name: PLAN["variables"][name] | {"changes": True, "reason": reason}
        for name, reason in variables.items()
    }
    return PLAN | {"variables": PLAN["variables"] | changed}


def test_a_later_period_is_compared_with_every_earlier_release(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    published(catalog)
    of_2027(catalog, changing(health="asked anew every year"), a_year_later())
    checked = catalog.check()
    assert checked.exit_code == 0, checked.terminal
    assert checked.answer["compared_releases"] == 1
    assert {"other-period-than-earlier", "assumed-to-change"} <= checked.rules


def test_values_that_are_said_not_to_change_are_joined_on(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    published(catalog)
    of_2027(catalog, PLAN, a_year_later())
    checked = catalog.check()
    assert checked.exit_code == 3
    assert "comers-exposed" in checked.rules
    assert "say with a reason which values change over time" in checked.messages


def test_the_same_data_may_be_released_again_with_other_words(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    published(catalog)
    of_2027(catalog, PLAN | {"title": "People"}, people())
    checked = catalog.check()
    assert checked.exit_code == 0, checked.terminal
    assert "other-period-than-earlier" not in checked.rules


def test_corrected_data_of_the_same_period_are_refused(tmp_path: Path) -> None:
    catalog = write(tmp_path)
    published(catalog)
    catalog.source.write_text(csv_text(people(201)))
    checked = catalog.check()
    assert checked.exit_code == 3
    assert "releases-not-linked" in checked.rules
    assert "people/2026/1" in {each["where"] for each in checked.answer["findings"]}
