"""What a rollback takes back, as people ask for it, and until when what is put back holds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from controller.engine.installation.installation import Installation
from controller.engine.power.fleet import accepted_now
from controller.engine.queries.audit import last_change, object_of_tables
from controller.engine.queries.moments import parse_moment
from controller.engine.rollback.chosen import Choosing, Chosen
from controller.errors import WrongUsage
from controller.model.ref import ResourceRef, objects_called
from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.until import parse_until

_COMMIT: Final = re.compile("[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class RollbackAsked:
    """Exactly one of a transaction, a record or an object for its last change, a commit, and a revision or time since which all is taken back."""

    what: str | None = None
    commit: str | None = None
    to: str | None = None

    def check(self) -> None:
        """Raise WrongUsage unless it is one of them, and a commit is one."""
        if sum(given is not None for given in (self.what, self.commit, self.to)) != 1:
            raise WrongUsage(
                "rollback takes back a transaction, a record, an object's last change, a commit, or all since a revision or a time",
                fix="name one: envctl rollback TRANSACTION, --commit COMMIT or --to TIME",
            )
        if self.commit is not None and not _COMMIT.fullmatch(self.commit):
            raise WrongUsage(
                f"--commit {self.commit!r} is no commit", fix="give seven of its digits or more"
            )

    def chosen(self, installation: Installation, now: datetime) -> Chosen:
        """Return the records that are meant. Raises as ``check`` and ``Choosing``."""
        self.check()
        choosing = Choosing(installation)
        if self.what is not None:
            refs = accepted_now(installation, now).accepted.resources.keys()
            if "/" not in self.what and not objects_called(self.what, refs):
                return choosing.of_id(self.what)
            ref = object_of_tables(self.what, installation, now)
            return choosing.of_records(str(ref), last_change(str(ref), installation, now))
        if self.commit is not None:
            return choosing.of_commit(self.commit)
        assert self.to is not None, "one of the three is given"
        if _is_revision(self.to):
            return choosing.since_revision(self.to, now)
        return choosing.since_moment(_past(self.to, now), now)

    def settled(self, now: datetime) -> "RollbackAsked":
        """Return the same, with a time that is said as seen from ``now`` written out. Raises WrongUsage for what is none."""
        if self.to is None or _is_revision(self.to):
            return self
        return RollbackAsked(self.what, self.commit, _past(self.to, now).isoformat())


def _is_revision(text: str) -> bool:
    # Digits alone are a date: of a commit that has no letter in so many digits give more.
    is_date = text.isdecimal() and len(text) == len("20261124")
    return _COMMIT.fullmatch(text) is not None and not is_date


def _past(text: str, now: datetime) -> datetime:
    moment = parse_moment(text, now)
    if moment > now:
        raise WrongUsage(f"--to {text} is yet to come", fix="give a time that has passed")
    return moment


def refs_also(
    names: Iterable[str], installation: Installation, now: datetime
) -> frozenset[ResourceRef]:
    """Return the objects that go back though they were changed since. Raises WrongUsage for what none or several are called."""
    return frozenset([object_of_tables(name, installation, now) for name in names])


def end_of(text: str | None, now: datetime) -> datetime | None:
    """Return when what is put back ends to hold. Raises WrongUsage for what is no moment to come."""
    if text is None:
        return None
    try:
        return parse_until(text, now, UTC)
    except InvalidSchedule as refusal:
        raise WrongUsage(f"--until: {refusal.message}", fix=f"{refusal.fix}") from None
