"""What a column looks like, judged by its name and its distinct values.

Each detector answers the share (0 to 1) of the non-missing distinct values that look like
its kind; detectors by name answer 0 or 1. None keeps a value.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date

EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[A-Za-z]{2,}")
PHONE_SHAPE = re.compile(r"(\+|00)?[\d\s()./-]{6,20}")
NAME_WORDS = frozenset(
    "name surname forename firstname lastname fullname givenname familyname nickname nachname "
    "vorname familienname nom prenom nombre apellido apellidos cognome voornaam "
    "achternaam".split()
)
NAME_QUALIFIERS = frozenset(
    "first last full given family middle legal maiden birth preferred contact person patient "
    "client customer employee student pupil applicant respondent claimant resident member child "
    "mother father parent spouse partner guardian owner doctor nurse teacher".split()
)
PHONE_WORDS = frozenset(
    "phone telephone tel mobile cellphone fax telefon telefono telefoon handy".split()
)
BIRTH_WORDS = frozenset(
    "birth birthdate birthday dob born geburtsdatum naissance nacimiento nascita "
    "geboortedatum".split()
)
EARLIEST_BIRTH_YEAR = 1880


def words(column: str) -> tuple[str, ...]:
    """The words of a column's name, lower case, plain letters: ``Prénom_2`` is prenom."""
    letters = "".join(
        each for each in unicodedata.normalize("NFKD", column) if not unicodedata.combining(each)
    )
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", letters)
    return tuple(re.findall(r"[^\W\d_]+", spaced.casefold()))


def spoken(value: str) -> str:
    """A value as it is read aloud: without case, spaces, invisible characters, forms of letters."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return "".join(each for each in folded if unicodedata.category(each)[0] not in "ZC")


def email_share(values: Sequence[str]) -> float:
    return _share(values, lambda value: EMAIL.search(value) is not None)


def ip_share(values: Sequence[str]) -> float:
    return _share(values, _is_ip)


def telephone_share(values: Sequence[str]) -> float:
    """Numbers written as telephone numbers are, that libphonenumber takes for one.

    With + any possible number; without, valid ones of North America, the only ones that
    tell themselves from other figures. See `named_as_telephone` for the others.
    """
    return _share(values, _is_telephone)


def named_as_telephone(column: str, values: Sequence[str]) -> bool:
    """Whether the column's name speaks of telephones and most values have their shape."""
    if not PHONE_WORDS.intersection(words(column)):
        return False
    return _share(values, lambda value: PHONE_SHAPE.fullmatch(value) is not None) > 0.5


def named_as_a_name(column: str) -> bool:
    """Whether the column's name says that it holds people's names."""
    found = words(column)
    if not found or found[-1] not in NAME_WORDS:
        return False
    return len(found) == 1 or found[-1] != "name" or found[-2] in NAME_QUALIFIERS


def is_date_of_birth(column: str, values: Sequence[str]) -> bool:
    """Whether the column's name speaks of birth and most values are past full dates."""
    if not BIRTH_WORDS.intersection(words(column)):
        return False
    return _share(values, _is_full_date) > 0.5


def _share(values: Sequence[str], matches: Callable[[str], bool]) -> float:
    return sum(map(matches, values)) / len(values) if values else 0.0


def _is_ip(value: str) -> bool:
    if not re.search(r"[.:]", value):
        return False
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_telephone(value: str) -> bool:
    if not PHONE_SHAPE.fullmatch(value) or not re.search(r"^\+|^00|[\s()/-]", value):
        return False
    if re.match(r"\d{4}-\d{2}-\d{2}", value):
        return False
    import phonenumbers

    prefixed = value.startswith(("+", "00"))
    international = "+" + value.removeprefix("+").removeprefix("00")
    try:
        number = phonenumbers.parse(international if prefixed else value, "US")
    except phonenumbers.NumberParseException:
        return False
    if value.startswith("+"):
        return bool(phonenumbers.is_possible_number(number))
    return bool(phonenumbers.is_valid_number(number))


def _is_full_date(value: str) -> bool:
    found = re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})([ T]00:00:00)?", value)
    year, month, day = map(int, found.groups()[:3]) if found else (0, 0, 0)
    if not found:
        turned = re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", value)
        if not turned:
            return False
        day, month, year = map(int, turned.groups())
        day, month = (day, month) if month <= 12 else (month, day)
    try:
        return date(year, month, day).year >= EARLIEST_BIRTH_YEAR
    except ValueError:
        return False
