"""Which role each column has: the steward's word against what the column looks like."""

from clearance.classify.reconcile import Profile, classify

__all__ = ["Profile", "classify"]
