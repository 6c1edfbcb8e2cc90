"""Every error a user can meet, classed by who must act.

``ERROR_CLASSES`` is the one table of consequences: exit code, whether another try may help, and the condition shown in status.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.model.ref import Problem


class EnvctlError(Exception):
    """Root of our errors: ``message`` says what and where, ``fix`` what to do, ``facts`` the same for programs.

    ``str(error)`` is what the user reads. Nothing may be decided by these words: decide by class, code or facts.
    """

    def __init__(
        self, message: str, *, fix: str = "", facts: Mapping[str, str | int] | None = None
    ) -> None:
        """Keep message and fix apart; a fix may have several lines, one for each thing to type."""
        self.message, self.fix, self.facts = message, fix, dict(facts or {})
        super().__init__(message)

    def __str__(self) -> str:
        """Render as people read it."""
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message

    @property
    def code(self) -> str:
        """The stable word for this class of errors: ``AccessDenied``, ``GuardViolated``."""
        return consequence_of(self).condition


class InvalidDesiredState(EnvctlError):
    """The YAML is wrong; its author acts."""

    def __init__(self, problems: "Sequence[Problem]") -> None:
        """Keep every problem, in file order."""
        self.problems = tuple(problems)
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        super().__init__(
            f"{count} {noun} in the desired state\n" + "\n".join(map(str, self.problems))
        )


class PlanRefused(EnvctlError):
    """A guard stopped the plan; a reviewer approves by override or changes the source."""


class PlanChanged(EnvctlError):
    """The plan that was reviewed is not the plan that would be applied now."""

    def __init__(self, expected: str, actual: str, detail: str = "") -> None:
        """Name both digests."""
        self.expected, self.actual = expected, actual
        tail = f"\n{detail}" if detail else ""
        super().__init__(
            f"the plan went stale: reviewed {expected[:12]}, now {actual[:12]}{tail}",
            fix="run envctl plan again and review the new one",
            facts={"expected": expected, "actual": actual},
        )


class SourceUnavailable(EnvctlError):
    """The desired state could not be read just now; nothing is planned from it."""


class Unreachable(EnvctlError):
    """AWS, or the network before it, did not answer."""


class Throttled(Unreachable):
    """AWS asked us to slow down for longer than the retry budget allows."""


class AccessDenied(EnvctlError):
    """A permission is missing; an operator acts."""


class Conflict(EnvctlError):
    """Somebody else changed the item between our look and our write."""


class RefusedByAws(EnvctlError):
    """AWS refused the request for a reason of its own: a limit, a state, a value; ``aws_code`` is AWS's word for it."""

    def __init__(self, message: str, aws_code: str = "", *, fix: str = "") -> None:
        """Keep AWS's error code beside the text."""
        self.aws_code = aws_code
        super().__init__(message, fix=fix, facts={"awsCode": aws_code} if aws_code else None)


class StaleEpoch(EnvctlError):
    """Another worker owns the scope now; this one drops its work."""


class ScopeBusy(EnvctlError):
    """Another worker owns the scope and its lease is alive."""


class ScopeFromTheFuture(EnvctlError):
    """The scope was last written by a newer controller; this one refuses to touch it."""


class SomeChangesFailed(EnvctlError):
    """The run went on to its end, but some changes failed or conflicted."""


class WrongUsage(EnvctlError):
    """The command line or the settings are wrong."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an error class means for the process and for the next try."""

    exit_code: int
    retry: str
    condition: str
    who_acts: str


ERROR_CLASSES: dict[type[EnvctlError], Consequence] = {
    EnvctlError: Consequence(70, "no", "Bug", "us"),
    InvalidDesiredState: Consequence(
        1, "on the next revision", "InvalidConfig", "author of the YAML"
    ),
    PlanRefused: Consequence(3, "on the next revision or override", "GuardViolated", "reviewer"),
    PlanChanged: Consequence(4, "no", "PlanStale", "reviewer"),
    SourceUnavailable: Consequence(5, "with back-off", "SourceUnavailable", "nobody yet"),
    Unreachable: Consequence(5, "with back-off", "Unreachable", "nobody yet"),
    Throttled: Consequence(5, "with back-off", "Throttled", "nobody yet"),
    AccessDenied: Consequence(6, "slowly", "AccessDenied", "operator"),
    Conflict: Consequence(7, "at once, after looking again", "Conflict", "nobody"),
    RefusedByAws: Consequence(7, "slowly", "RefusedByAws", "operator"),
    StaleEpoch: Consequence(7, "no", "StaleEpoch", "nobody"),
    ScopeBusy: Consequence(5, "with back-off", "ScopeBusy", "nobody yet"),
    ScopeFromTheFuture: Consequence(5, "slowly", "ScopeFromTheFuture", "operator"),
    SomeChangesFailed: Consequence(7, "after looking again", "SomeChangesFailed", "operator"),
    WrongUsage: Consequence(64, "no", "WrongUsage", "operator"),
}

EXIT_ORDER: tuple[int, ...] = (70, 1, 3, 4, 6, 5, 7, 2)
"""Several outcomes in one run: the first of these that occurred is the exit code."""


def consequence_of(error: BaseException) -> Consequence:
    """Return what an error means; a bug of ours for anything that is not ours."""
    known = (ERROR_CLASSES[cls] for cls in type(error).__mro__ if cls in ERROR_CLASSES)
    return next(known, ERROR_CLASSES[EnvctlError])


def exit_code_of(error: BaseException) -> int:
    """Return the exit code of an error; 70 for anything that is not ours."""
    return consequence_of(error).exit_code


def worst_exit_code(codes: Sequence[int]) -> int:
    """Return the code to exit with when several things happened; 0 when nothing did."""
    present = {code for code in codes if code}
    for code in EXIT_ORDER:
        if code in present:
            return code
    return max(present, default=0)
