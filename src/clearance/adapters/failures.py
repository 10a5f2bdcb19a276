"""What may be told of a failure in a place that anybody may read (THREATS 11).

Messages for stewards and methodologists may hold small counts, and those of libraries may
quote values; they go to a private file that the public message names.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from clearance.adapters.keys import write_private
from clearance.errors import ClearanceError, OperatorError, ReviewError, UnexpectedError
from clearance.findings import blocking

TELLABLE = (OperatorError, ReviewError)
"""Their messages are about machinery and rules, never about the content of a dataset."""

Given = ParamSpec("Given")
Result = TypeVar("Result")


def shielded(
    step: Callable[Given, Result], *, notes: Callable[[], Path]
) -> Callable[Given, Result]:
    """``step``, whose failures are of the same kind but tell nothing that is private.

    ``notes``: names the private file for the whole story, when it is needed.
    """

    @wraps(step)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        failure: Exception
        try:
            return step(*args, **kwargs)
        except TELLABLE as problem:
            failure = type(problem)(str(problem))
        except ClearanceError as problem:
            failure = type(problem)(_summary(problem, _noted(problem, notes())))
        except Exception as problem:  # noqa: BLE001 - whatever it is, its text may quote a value
            failure = unforeseen(problem, notes())
        # Raised here, and not where it was caught, so that no cause hangs on it.
        raise failure

    return run


def unforeseen(problem: Exception, file: Path) -> UnexpectedError:
    """``problem`` by its kind only; the whole story is in ``file``, which is private."""
    kind = type(problem).__name__
    try:
        return UnexpectedError(f"unexpected {kind}; {_noted(problem, file)}")
    except (OSError, ClearanceError):
        return UnexpectedError(f"unexpected {kind}; its story could not be written to {file}")


def _summary(problem: ClearanceError, noted: str) -> str:
    rules = sorted({f"{each.rule} ({each.where})" for each in blocking(problem.findings)})
    found = f"blocked by {', '.join(rules)}; " if rules else ""
    return f"{found}{noted}, or run 'clearance check'"


def _noted(problem: Exception, file: Path) -> str:
    """Where the whole story is."""
    if isinstance(problem, ClearanceError):
        told = [str(problem), *(f"{each.where}: {each.message}" for each in problem.findings)]
    else:
        told = traceback.format_exception(problem)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(file, "\n".join([*told, ""]).encode(), replace=True)
    return f"see {file}"
