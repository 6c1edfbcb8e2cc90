"""Somebody who overrides what is accepted, and takes overrides back."""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from controller.engine.overrides.service import OverrideAsked, Overrides
from controller.engine.power.fleet import AcceptedNow, accepted_now
from controller.errors import EnvctlError
from controller.model.ledger_record import Requester
from tests.support.live_accounts import LiveEstate


@dataclass
class Overrider:
    """Each act says what was done; nothing where there was nothing to do it to."""

    estate: LiveEstate
    random: Random
    untrue: list[str] = field(default_factory=list)
    """What was done and is not there."""

    def overrides(self) -> str:
        """Override the owner of an environment or service, or when an environment runs, for some minutes."""
        accepted = accepted_in(self.estate).accepted
        refs = [*accepted.of_kind("Environment"), *accepted.of_kind("Service")]
        if not refs:
            return ""
        ref = self.random.choice(refs)
        clusters = [found.key for found in accepted.of_kind("Cluster")]
        said = f"owningCluster={self.random.choice(clusters)}"
        if ref.kind == "Environment" and self.random.random() < 0.6:
            said = f"schedule={self.random.choice(['on', 'off'])}"
        until = self.estate.clock.now + timedelta(seconds=self.random.randint(30, 600))
        asked = OverrideAsked(
            what=str(ref),
            assignments=(said,),
            until=until.isoformat(),
            until_git=False,
            reason="trial",
        )
        made = self._service()
        try:
            prepared = made.prepare(asked, lambda _: "")
            made.carry_out(prepared)
        except EnvctlError as error:
            return f"an override of {ref} by {said} is refused: {error}"
        known = {override.id for override in accepted_in(self.estate).accepted.overrides}
        if not known >= {override.id for override in prepared.overrides}:
            self.untrue.append(f"the override of {ref} was made, and is not there")
        return f"{ref} is overridden: {said} until {until:%H:%M:%S}"

    def releases(self) -> str:
        """Take an override back."""
        held = accepted_in(self.estate).accepted.overrides
        if not held:
            return ""
        override, made = self.random.choice(held), self._service()
        try:
            made.carry_out(made.to_release(override.id))
        except EnvctlError as error:
            return f"the override of {override.ref} is not released: {error}"
        left = accepted_in(self.estate).accepted.overrides
        if override.id in {found.id for found in left}:
            self.untrue.append(f"the override of {override.ref} was released, and holds")
        return f"the override of {override.ref} is released"

    def _service(self) -> Overrides:
        now = self.estate.clock.now
        return Overrides(accepted_in(self.estate), now, Requester("olga", "override"))


def accepted_in(estate: LiveEstate) -> AcceptedNow:
    """Return what is accepted now, overrides laid over it."""
    return accepted_now(estate.installation, estate.clock.now, estate.live())
