"""The adapters that the settings ask for, put together in one place."""

from __future__ import annotations

from dataclasses import dataclass

from clearance.adapters.clock import SystemClock
from clearance.adapters.judge import OneTimeCodeJudge
from clearance.adapters.keys import KeyRing, write_private
from clearance.adapters.ledger import SqliteLedger
from clearance.adapters.memory import SealedMemory
from clearance.adapters.people import People
from clearance.adapters.publisher import LocalPublisher
from clearance.adapters.settings import Settings, open_home
from clearance.adapters.vault import AgeVault
from clearance.ports import Clock, Judge, Ledger, Memory, Portal, Publisher, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """All state of one home but portal and publisher, which only publishing needs."""

    settings: Settings
    clock: Clock
    keys: KeyRing
    people: People
    ledger: Ledger
    vault: Vault
    memory: Memory
    judge: Judge


def connect(settings: Settings) -> Connections:
    """Opens the home, which is made where it is missing. OperatorError where it cannot be."""
    home = open_home(settings.home)
    keys, clock, people = KeyRing(home.keys), SystemClock(), People(home)
    ledger = SqliteLedger(home.ledger, home.locks)
    return Connections(
        settings=settings,
        clock=clock,
        keys=keys,
        people=people,
        ledger=ledger,
        vault=AgeVault(home.vault, keys),
        memory=SealedMemory(home.vault, keys, ledger, clock),
        judge=OneTimeCodeJudge(people, home.keys / "people" / "judge.db", clock),
    )


def publisher(settings: Settings) -> Publisher:
    """Who signs for this home; its public key is in the home's trust file from then on."""
    home = open_home(settings.home)
    signer = LocalPublisher(KeyRing(home.keys))
    write_private(home.trust, signer.trust().as_json().encode(), replace=False)
    return signer


def portal(settings: Settings) -> Portal:
    """The configured portal, not contacted yet. PortalError for an address that is none."""
    from clearance.adapters.portals import portal_from

    return portal_from(settings.portal_url, settings.portal_token, home=settings.home)
