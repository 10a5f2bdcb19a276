"""The machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The instant as the machine has it, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)
