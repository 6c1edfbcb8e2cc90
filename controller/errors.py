"""Every error a user can meet, classed by who must act.

``ERROR_CLASSES`` is the one table of consequences: exit code, whether another try may help, and the condition shown in status.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from controller.model.canonical import short
from controller.model.ref import Reason

if TYPE_CHECKING:
    from controller.model.ref import Problem, ResourceRef


class EnvctlError(Exception):
    """Root of our errors: ``message`` says in one line what and where, ``fix`` what to do, ``facts`` the same for programs.

    ``detail`` are further lines between the two: what AWS or git says, or each single problem.
    ``str(error)`` is what the user reads. Nothing may be decided by these words: decide by class, code or facts.
    """

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        fix: str = "",
        facts: Mapping[str, str | int] | None = None,
    ) -> None:
        """Keep message and fix apart; a fix may have several lines, one for each thing to type."""
        self.message, self.detail, self.fix, self.facts = message, detail, fix, dict(facts or {})
        super().__init__(message)

    def __str__(self) -> str:
        """Render as people read it."""
        return self.reason

    @property
    def reason(self) -> Reason:
        """All that people read, with its first line known."""
        return Reason(self.message, detail=self.detail, fix=self.fix)

    @property
    def part(self) -> str:
        """Which part of us says it, where that is known: ``groups``, ``sessions``; else empty."""
        return str(self.facts.get("part", ""))

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
            f"{count} {noun} in the desired state", detail="\n".join(map(str, self.problems))
        )


class PlanRefused(EnvctlError):
    """A guard stopped the plan; a reviewer approves by override or changes the source."""


class PlanChanged(EnvctlError):
    """The plan that was reviewed is not the plan that would be applied now."""

    def __init__(self, expected: str, actual: str, detail: str = "") -> None:
        """Name both digests."""
        self.expected, self.actual = expected, actual
        super().__init__(
            f"the plan went stale: reviewed {short(expected)}, now {short(actual)}",
            detail=detail,
            fix="run envctl plan again, with the same options, and review the new one",
            facts={"expected": expected, "actual": actual},
        )


class SourceUnavailable(EnvctlError):
    """The desired state could not be read just now; nothing is planned from it."""


class UntrustedRevision(SourceUnavailable):
    """The source's revision is signed by nobody whom the settings list; nothing is planned from it."""


class Unreachable(EnvctlError):
    """AWS, or the network before it, did not answer."""


class Throttled(Unreachable):
    """AWS asked us to slow down for longer than the retry budget allows."""


class NotInTime(Unreachable):
    """What AWS was waited for was not ready in time, so the request was not sent."""


class AccessDenied(EnvctlError):
    """A permission is missing; an operator acts."""

    instances: frozenset[str] = frozenset()
    """Those that AWS names as what it is about."""


class NotAppliedYet(EnvctlError):
    """The way into an account is only accepted: what was applied last decides, so the next run takes it."""


class Conflict(EnvctlError):
    """Somebody else changed the item between our look and our write."""


class RefusedByAws(EnvctlError):
    """AWS refused the request for a reason of its own: a limit, a state, a value; ``aws_code`` is AWS's word for it.

    ``instances`` are those that AWS names as the reason.
    """

    def __init__(
        self,
        message: str,
        aws_code: str = "",
        *,
        detail: str = "",
        fix: str = "",
        instances: Iterable[str] = (),
    ) -> None:
        """Keep AWS's error code beside the text."""
        self.aws_code, self.instances = aws_code, frozenset(instances)
        super().__init__(
            message, detail=detail, fix=fix, facts={"awsCode": aws_code} if aws_code else None
        )


class Interrupted(EnvctlError):
    """Ctrl-C, or a signal to end, came before it was done."""


class DamagedState(EnvctlError):
    """A row of the controller's own that nobody but us should write is not as we write it."""


class StaleEpoch(EnvctlError):
    """Another worker owns the scope now; this one drops its work."""


class NoLongerHeld(EnvctlError):
    """A work of the queue was held for too long: another worker has it by now."""

    def __init__(self, job: str, scope: str) -> None:
        """Name the work."""
        super().__init__(f"queue: {job} of {scope} was held for too long: another worker has it")


class ScopeBusy(EnvctlError):
    """Another worker owns the scope and its lease is alive."""


class ScopeFromTheFuture(EnvctlError):
    """The scope was last written by a newer controller; this one refuses to touch it."""


class WrongUsage(EnvctlError):
    """The command line or the settings are wrong."""


_CANDIDATES: Final = 10


def several_named(text: str, found: Iterable["ResourceRef"]) -> WrongUsage:
    """Return what says that a text may be each of some objects, and lists the first of them."""
    listed = sorted(found)
    names = "\n".join(f"    {ref}" for ref in listed[:_CANDIDATES])
    left = len(listed) - _CANDIDATES
    more = f"\n    and {left} more" if left > 0 else ""
    return WrongUsage(f"{text!r} may be each of these", fix=f"name one of them\n{names}{more}")


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    DESIRED_STATE_WRONG = 1
    CHANGES = 2
    """A plan has changes, or what was asked for was not done for want of a yes."""
    REFUSED = 3
    STALE = 4
    TRY_AGAIN = 5
    """Something did not answer, or is somebody else's for now."""
    DENIED = 6
    FAILED = 7
    """Some changes were not made, or what was checked is not in order."""
    USAGE = 64
    BUG = 70
    INTERRUPTED = 130
    """Ctrl-C, as shells say it; 143 after SIGTERM."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an error class means for the process and for the next try."""

    exit_code: ExitCode
    retry: str
    condition: str
    who_acts: str


ERROR_CLASSES: dict[type[EnvctlError], Consequence] = {
    EnvctlError: Consequence(ExitCode.BUG, "no", "Bug", "us"),
    InvalidDesiredState: Consequence(
        ExitCode.DESIRED_STATE_WRONG, "on the next revision", "InvalidConfig", "author of the YAML"
    ),
    PlanRefused: Consequence(
        ExitCode.REFUSED, "on the next revision or override", "GuardViolated", "reviewer"
    ),
    PlanChanged: Consequence(ExitCode.STALE, "no", "PlanStale", "reviewer"),
    SourceUnavailable: Consequence(
        ExitCode.TRY_AGAIN, "with back-off", "SourceUnavailable", "nobody yet"
    ),
    UntrustedRevision: Consequence(
        ExitCode.REFUSED, "on the next revision", "UntrustedRevision", "who may sign"
    ),
    Unreachable: Consequence(ExitCode.TRY_AGAIN, "with back-off", "Unreachable", "nobody yet"),
    Throttled: Consequence(ExitCode.TRY_AGAIN, "with back-off", "Throttled", "nobody yet"),
    NotInTime: Consequence(ExitCode.TRY_AGAIN, "with back-off", "NotInTime", "nobody yet"),
    AccessDenied: Consequence(ExitCode.DENIED, "slowly", "AccessDenied", "operator"),
    NotAppliedYet: Consequence(
        ExitCode.TRY_AGAIN, "on the next run", "NotAppliedYet", "nobody yet"
    ),
    Conflict: Consequence(ExitCode.FAILED, "at once, after looking again", "Conflict", "nobody"),
    RefusedByAws: Consequence(ExitCode.FAILED, "slowly", "RefusedByAws", "operator"),
    DamagedState: Consequence(ExitCode.FAILED, "slowly", "DamagedState", "operator"),
    StaleEpoch: Consequence(ExitCode.FAILED, "no", "StaleEpoch", "nobody"),
    NoLongerHeld: Consequence(ExitCode.FAILED, "no", "NoLongerHeld", "nobody"),
    ScopeBusy: Consequence(ExitCode.TRY_AGAIN, "with back-off", "ScopeBusy", "nobody yet"),
    ScopeFromTheFuture: Consequence(ExitCode.TRY_AGAIN, "slowly", "ScopeFromTheFuture", "operator"),
    WrongUsage: Consequence(ExitCode.USAGE, "no", "WrongUsage", "operator"),
    Interrupted: Consequence(ExitCode.INTERRUPTED, "no", "Interrupted", "whoever ended it"),
}

EXIT_ORDER: tuple[ExitCode, ...] = (
    ExitCode.BUG,
    ExitCode.INTERRUPTED,
    ExitCode.DESIRED_STATE_WRONG,
    ExitCode.REFUSED,
    ExitCode.STALE,
    ExitCode.DENIED,
    ExitCode.TRY_AGAIN,
    ExitCode.FAILED,
    ExitCode.CHANGES,
)
"""Several outcomes in one run: the first of these that occurred is the exit code."""


def consequence_of(error: BaseException) -> Consequence:
    """Return what an error means; a bug of ours for anything that is not ours."""
    known = (ERROR_CLASSES[cls] for cls in type(error).__mro__ if cls in ERROR_CLASSES)
    return next(known, ERROR_CLASSES[EnvctlError])


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code of an error; BUG for anything that is not ours."""
    return consequence_of(error).exit_code


def worst_exit_code(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code to exit with when several things happened: the first of EXIT_ORDER among them; else DONE."""
    present = set(codes)
    return next((code for code in EXIT_ORDER if code in present), ExitCode.DONE)
