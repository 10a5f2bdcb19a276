"""Every error that Clearance raises on purpose, with the exit code of its kind.

The classes follow *who acts*: the steward (plan, input), the methodologist
(policy, disclosure risk), the reviewer (review) or the operator (portal, vault,
ledger, Prefect). Messages say what, where, how many and what to do, and never
quote a value of a record: raise them ``from None`` where the cause may.
"""

from __future__ import annotations

from typing import ClassVar

from clearance.findings import Finding


class ClearanceError(Exception):
    """Base of all; never raised itself. ``findings`` are what was collected before raising."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


class UnexpectedError(ClearanceError):
    """What nobody foresaw, told by its kind only: a library's text may quote a value."""


class PlanError(ClearanceError):
    """The plan, a hierarchy, the catalog or the command line is wrong: the steward acts."""

    exit_code = 2


class PolicyError(PlanError):
    """A policy is wrong, too weak or unknown: the methodologist acts."""


class UnclassifiedError(PlanError):
    """A column has no role, or a weaker one than its content asks for: the steward acts."""


class DisclosureRiskError(ClearanceError):
    """The output would disclose, or cannot be made safe within the policy."""

    exit_code = 3


class OutputSchemaError(DisclosureRiskError):
    """The output does not match the dataset's published JSON Schema."""


class InputError(ClearanceError):
    """The source was refused: encoding, shape, types, empty."""

    exit_code = 4


class ReviewError(ClearanceError):
    """The review does not allow it: no approval, wrong person, expired, void."""

    exit_code = 5


class OperatorError(ClearanceError):
    """Portal, Prefect, vault or ledger cannot be reached or is broken: the operator acts."""

    exit_code = 6


class PortalError(OperatorError):
    """The portal refused or did not answer."""


class UnknownOutcomeError(PortalError):
    """The portal may or may not have done it: read before deciding."""


class VaultError(OperatorError):
    """A sealed file or its key is missing or damaged."""


class LedgerError(OperatorError):
    """The ledger is locked, damaged or its chain is broken."""


class MemoryMissingError(OperatorError):
    """The bytes of an earlier release are not in the release memory."""


class VerificationError(ClearanceError):
    """Published files do not match their approval record, or its signer is not trusted."""

    exit_code = 7
