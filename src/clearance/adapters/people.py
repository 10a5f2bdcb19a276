"""People: who is enrolled with which role, and the secrets of their one-time codes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clearance.adapters.keys import KeyRing, write_private
from clearance.adapters.locks import file_lock
from clearance.adapters.settings import Home
from clearance.documents import read_yaml
from clearance.errors import PlanError, VaultError
from clearance.review import same_person

ROLES = ("steward", "reviewer")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a new reviewer enters in an authenticator app; shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


class People:
    """The people of one home: roles in ``people.yaml``, secrets among the keys."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._keys = KeyRing(home.keys)

    def all(self) -> tuple[Person, ...]:
        """By name. PlanError where ``people.yaml`` is not as `enrol` writes it."""
        file = self._home.people
        if not file.exists():
            return ()
        document = read_yaml(file.read_text(encoding="utf-8"), where=str(file))
        return tuple(sorted(_parsed(document, str(file)), key=lambda person: person.name))

    def find(self, name: str) -> Person | None:
        return next((person for person in self.all() if person.name == name), None)

    def enrol(self, name: str, roles: Collection[str]) -> Enrolment | None:
        """Enters a new person; a reviewer gets a secret for one-time codes.

        PlanError: unknown role, a name that is no name, or too like one that is enrolled.
        """
        if not roles or set(roles) - set(ROLES):
            raise PlanError(f"a person needs one or more of the roles {', '.join(ROLES)}")
        if not _NAME.fullmatch(name):
            raise PlanError("a person's name has lower-case letters, digits, '.', '_' and '-'")
        with file_lock(self._home.locks, "people", wait_seconds=10):
            known = self.all()
            alike = [person.name for person in known if same_person(person.name, name)]
            if alike:
                raise PlanError(f"{alike[0]} is enrolled already, which is the same name")
            enrolment = self._new_secret(name) if "reviewer" in roles else None
            self._write((*known, Person(name, frozenset(roles))))
        return enrolment

    def secret(self, name: str) -> str:
        """VaultError where the person has none."""
        return self._keys.load(f"people/{name}")

    def demonstration_code(self, name: str, at: datetime) -> str:
        """The code that the person's app would show. VaultError but in a demonstration home."""
        import pyotp

        if not self._home.demonstration:
            raise VaultError("only a demonstration home gives its people's codes away")
        return pyotp.TOTP(self.secret(name)).at(at)

    def _new_secret(self, name: str) -> Enrolment:
        import pyotp

        secret = pyotp.random_base32()
        self._keys.replace(f"people/{name}", secret)
        uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Clearance")
        return Enrolment(secret, uri)

    def _write(self, people: Collection[Person]) -> None:
        import yaml

        document = {
            "format": 1,
            "people": {person.name: {"roles": sorted(person.roles)} for person in people},
        }
        write_private(self._home.people, yaml.safe_dump(document).encode(), replace=True)


def _parsed(document: Mapping[str, Any], where: str) -> tuple[Person, ...]:
    people = document.get("people")
    if set(document) != {"format", "people"} or not isinstance(people, dict):
        raise PlanError(f"{where}: expected 'format: 1' and 'people' with a name for each")
    if document["format"] != 1:
        raise PlanError(f"{where}: format: expected 1")
    return tuple(_person(name, entry, where) for name, entry in people.items())


def _person(name: str, entry: Any, where: str) -> Person:
    roles = entry.get("roles") if isinstance(entry, dict) and set(entry) == {"roles"} else None
    if not isinstance(roles, list) or not roles or any(role not in ROLES for role in roles):
        raise PlanError(f"{where}: people.{name}: expected roles, a list of {', '.join(ROLES)}")
    if not _NAME.fullmatch(name):
        raise PlanError(f"{where}: people.{name}: not a name that can be enrolled")
    return Person(name, frozenset(roles))
