"""What doctor found, as a list of checks. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.aws.errors import NotFound, TableMissing, TablesNotReady
from controller.errors import AccessDenied, EnvctlError, ExitCode, WrongUsage, worst_exit_code

INSTALLATION: Final = "installation"
"""Where a check is that is of no one scope."""


class Health(StrEnum):
    """How a check came out. ``not probed``: no call tells without changing something."""

    OK = "ok"
    LACKS = "lacks"
    UNKNOWN = "unknown"
    NOT_PROBED = "not probed"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: where (a scope, or ``installation``), of what, how it came out, what was found, what to do about it.

    What to do may have several lines: commands to type one after the other.
    """

    where: str
    of: str
    health: Health
    what: str
    fix: str = ""


def check_of_error(where: str, of: str, error: EnvctlError, *, lacks: bool | None = None) -> Check:
    """Return what an error of ours means for a check.

    What somebody must act on lacks, which its class tells unless ``lacks`` does; what may pass by itself is unknown.
    """
    if lacks is None:
        lacks = isinstance(
            error, (AccessDenied, WrongUsage, NotFound, TableMissing, TablesNotReady)
        )
    what = "; ".join(filter(None, map(str.strip, (error.message, *error.detail.splitlines()))))
    fix = "\n".join(map(str.strip, error.fix.splitlines()))
    return Check(where, of, Health.LACKS if lacks else Health.UNKNOWN, what, fix)


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """Return 0 if nothing lacks and all could be told; 5 if something could not, 7 if something lacks."""
    found = {check.health for check in checks}
    codes = {Health.LACKS: ExitCode.FAILED, Health.UNKNOWN: ExitCode.TRY_AGAIN}
    return worst_exit_code(codes[health] for health in codes.keys() & found)
