"""A policy from the document that a methodologist wrote."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from clearance.documents import check
from clearance.errors import PolicyError
from clearance.policy.models import exact, parse_model
from clearance.policy.types import (
    Attacker,
    Concentration,
    Loss,
    Method,
    MicrodataRules,
    Missing,
    Policy,
    ReviewRules,
    TableRules,
)
from clearance.schemas import load as load_schema


def parse(document: Mapping[str, Any], *, where: str) -> Policy:
    """The policy in ``document``. PolicyError names ``where``, the path and what was expected."""
    check(document, load_schema("policy"), where=where, error=PolicyError)
    return Policy(
        id=document["id"],
        review=ReviewRules(**document["review"]),
        microdata=_microdata(document["microdata"]) if "microdata" in document else None,
        tables=_tables(document["tables"]) if "tables" in document else None,
    )


def parse_concentration(document: Mapping[str, Any], *, where: str) -> Concentration:
    """The secret part of a policy. PolicyError names ``where`` and the path, never a number."""
    check(document, load_schema("concentration"), where=where, error=PolicyError)
    dominance = document.get("dominance", {})
    return Concentration(
        p_percent=document.get("p_percent"),
        n=dominance.get("n"),
        k_percent=dominance.get("k_percent"),
    )


def _microdata(section: Mapping[str, Any]) -> MicrodataRules:
    return MicrodataRules(
        k=section["k"],
        max_suppressed_share=Fraction(str(section["max_suppressed_share"])),
        models=tuple(
            parse_model(*item) for each in section.get("models", ()) for item in each.items()
        ),
        loss=Loss(section["loss"]),
        method=Method(section["method"]),
        missing=Missing(section.get("missing", "own-category")),
        weights={name: exact(weight) for name, weight in section.get("weights", {}).items()},
    )


def _tables(section: Mapping[str, Any]) -> TableRules:
    at_most = section["attacker"]["at_most_percent"]
    return TableRules(
        minimum_frequency=section["minimum_frequency"],
        zeros=section["zeros"],
        attacker=Attacker(
            at_least_percent=section["attacker"]["at_least_percent"],
            at_most_percent=None if at_most == "unbounded" else at_most,
        ),
        concentration_file=section.get("concentration", {}).get("file"),
    )
