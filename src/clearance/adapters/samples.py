"""The sample catalog with internal datasets beside its plans, for demonstrations.

The records are real and in the public domain; names, addresses and ids are made up from a
fixed seed, so that everybody gets the same files.
"""

from __future__ import annotations

import random
import shutil
from importlib import resources
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING

from clearance.adapters.keys import write_private
from clearance.errors import OperatorError

if TYPE_CHECKING:
    import pandas as pd

SEED = 1996
EDUCATION = (
    "1-8 grades",
    "some high school",
    "high school graduate",
    "some college",
    "college degree",
    "master's degree",
    "PhD",
)
INCOME_FROM = (
    *(3000, 5000, 7000, 9000, 10000, 11000, 12000, 13000, 14000, 15000, 17000, 20000),
    *(22000, 25000, 30000, 35000, 40000, 45000, 50000, 60000, 75000, 90000, 105000),
)
"""Dollars a year at which the second and each further income band begins."""
PLACE_FROM = (1000, 10000, 50000, 250000, 1000000)
"""Inhabitants at which the second and each further size of place begins."""
PARTY = (
    "strong Democrat",
    "weak Democrat",
    "independent, leaning Democrat",
    "independent",
    "independent, leaning Republican",
    "weak Republican",
    "strong Republican",
)
VOTE = ("Clinton", "Dole")
PRACTICES = 400
MOST_YEARS = 5
"""Nobody took part in the health insurance experiment for longer."""
SECRET_POLICY = "open-tables.secret.yaml"  # noqa: S105 - a file's name
FIRST_NAMES = tuple(
    "Ada Ben Chidi Dora Emil Fatima Goran Hana Ivo Jun Kofi Lena Marek Nadia Omar Petra "
    "Quentin Rosa Samir Tilda Ugo Vera Walid Xenia Yusuf Zofia Aino Bilal Carla Deniz Elif "
    "Femi".split()
)
LAST_NAMES = tuple(
    "Abara Brandt Castel Dimitrov Eriksen Fonseca Greene Huang Ivanova Jansen Kowalski Lopez "
    "Mbeki Novak Okoro Papadakis Quinn Rossi Sato Tamm Ueda Varga Weber Xu Yilmaz Zeman "
    "Alvarez Bianchi Cohen Duarte Evans Fischer".split()
)


def lay_out(folder: Path, *, policies: Path) -> Path:
    """The catalog in ``folder``: packaged plans and schemas, the sources that they read.

    ``policies``: the private policy folder, which gets the sample policy's secret part.
    OperatorError where the sample data are not installed. Safe to repeat.
    """
    catalog = folder / "catalog"
    _copy("clearance.catalog", catalog, ("*/*.yaml", "*/hierarchies/*.csv"))
    _copy("clearance.schemas", folder / "schemas", ("datasets/*.json",))
    election_study().to_csv(catalog / "election-study" / "election_study.csv", index=False)
    health_insurance().to_csv(catalog / "health-insurance" / "health_insurance.csv", index=False)
    percent = random.SystemRandom().randint(8, 16)
    write_private(policies / SECRET_POLICY, f"p_percent: {percent}\n".encode(), replace=False)
    return catalog


def _copy(package: str, to: Path, patterns: tuple[str, ...]) -> None:
    with resources.as_file(resources.files(package)) as origin:
        for file in (each for pattern in patterns for each in origin.glob(pattern)):
            target = to / file.relative_to(origin)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def election_study() -> pd.DataFrame:
    """944 voters, one a row, with made-up identity. All values are text."""
    import pandas as pd

    records = _records("anes96").astype(int)
    names, emails = _people(len(records))
    return pd.DataFrame(
        {
            "respondent_id": [f"R{number:05}" for number in _shuffled(len(records))],
            "name": names,
            "email": emails,
            "age": records["age"].astype(str),
            "education": [EDUCATION[code - 1] for code in records["educ"]],
            "household_income": [_bands(INCOME_FROM)[code - 1] for code in records["income"]],
            "place_size": [_place_size(thousands) for thousands in records["popul"]],
            "party": [PARTY[code] for code in records["PID"]],
            "expected_vote": [VOTE[code] for code in records["vote"]],
        }
    )


def health_insurance() -> pd.DataFrame:
    """20,190 years of insured people, one a row, with made-up ids. All values are text."""
    import numpy as np
    import pandas as pd

    records = _records("randhie")
    health = np.select(
        [records["hlthg"] == 1, records["hlthf"] == 1, records["hlthp"] == 1],
        ["good", "fair", "poor"],
        "excellent",
    )
    person = _person_numbers(records)
    practice = _practices(int(person.max()) + 1)
    return pd.DataFrame(
        {
            "person_id": [f"P{number:05}" for number in person],
            "practice_id": [f"D{practice[number]:03}" for number in person],
            "coinsurance_percent": np.expm1(records["lncoins"]).round().astype(int).astype(str),
            "self_rated_health": health,
            "visits": records["mdvis"].astype(int).astype(str),
        }
    )


def _records(name: str) -> pd.DataFrame:
    try:
        datasets = __import__(f"statsmodels.datasets.{name}", fromlist=[name])
    except ImportError:
        raise OperatorError(
            "the sample data are not installed; install them with: pip install 'clearance[demo]'"
        ) from None
    frame: pd.DataFrame = datasets.load_pandas().data
    return frame


def _shuffled(count: int) -> list[int]:
    numbers = list(range(1, count + 1))
    random.Random(SEED).shuffle(numbers)  # noqa: S311 - sample ids protect nothing
    return numbers


def _people(count: int) -> tuple[list[str], list[str]]:
    """Made-up names, no two the same, with their addresses."""
    pairs = list(product(FIRST_NAMES, LAST_NAMES))
    drawn = random.Random(SEED).sample(pairs, count)  # noqa: S311 - they protect nothing
    names = [f"{first} {last}" for first, last in drawn]
    return names, [f"{name.lower().replace(' ', '.')}@example.org" for name in names]


def _bands(starts: tuple[int, ...]) -> list[str]:
    """``under a``, ``a-b``, ..., ``z and over``: the labels in the sample hierarchies."""
    between = [f"{low}-{high - 1}" for low, high in pairwise(starts)]
    return [f"under {starts[0]}", *between, f"{starts[-1]} and over"]


def _place_size(thousands: int) -> str:
    return _bands(PLACE_FROM)[sum(thousands * 1000 >= start for start in PLACE_FROM)]


def _person_numbers(records: pd.DataFrame) -> pd.Series:
    """The same number for records in a row that agree in all but visits, five at most."""
    traits = records.drop(columns="mdvis")
    begins = (traits != traits.shift()).any(axis=1)
    year = begins.groupby(begins.cumsum()).cumcount()
    return (begins | (year % MOST_YEARS == 0)).cumsum() - 1


def _practices(persons: int) -> list[int]:
    """A practice for each person; some practices are much larger than others."""
    draw = random.Random(SEED)  # noqa: S311 - sample ids protect nothing
    return [int(PRACTICES * draw.random() ** 2) + 1 for _ in range(persons)]
