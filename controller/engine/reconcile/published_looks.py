"""Looks as they are published and planned from: the config scope of a run, and a whole place of looks to plan from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from controller.aws.errors import NotFound
from controller.aws.sessions import AwsAccess
from controller.engine.config.apply import ApplyReport
from controller.engine.config.observe import ObservedConfig, seen_in_look
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts, NotWritten, kept
from controller.engine.live.published_accounts import PublishedAccounts, fresh
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.engine.state.published import place_at, read_published
from controller.errors import Unreachable
from controller.kinds.language.kind import Kind
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.ports import LiveTarget
from controller.settings import Settings


def publish_config(
    accounts: LiveAccounts,
    planned: CombinedPlan,
    report: ApplyReport | None,
    observe: Callable[[Installation], ObservedConfig],
    clock: Callable[[], datetime],
) -> tuple[NotWritten, ...]:
    """Publish the tables as they were planned from, or as they are now where the run has changed them; return what failed."""
    seen, at = planned.observed, planned.observed_at

    def publish() -> None:
        for scope in seen.scopes:
            if scope.scope == CONFIG_SCOPE and scope.state is ScopeState.OK and at is not None:
                accounts.publish_config(scope, at, seen.looks)

    if report is not None and report.config.records:
        at = clock()
        seen = observe(accounts.installation)
    return kept("the last look at config", publish)


class PublishedPlace(NamedTuple):
    """What a plan is made from where nobody may look: the tables and the accounts as they were last seen."""

    config: ObservedConfig
    accounts: PublishedAccounts


def open_published(
    text: str,
    settings: Settings,
    kinds: Mapping[str, Kind[Any]],
    access: AwsAccess,
    now: datetime,
    targets: Sequence[LiveTarget] | None = None,
) -> PublishedPlace:
    """Read the config scope of a place; accounts are read when they are planned.

    A look at the config scope that is too old makes it unknown. Raises Unreachable if there is none, WrongUsage for what is none, and
    as any read.
    """
    files = place_at(text, access)
    try:
        look = read_published(files, CONFIG_SCOPE)
    except NotFound as error:
        raise Unreachable(
            f"no look at {CONFIG_SCOPE} is published in {files.name}",
            fix="name the place that observed: in the settings of the controller names, with its prefix",
        ) from error
    config = seen_in_look(look, files.name)
    try:
        fresh(look, look.installation, settings.observed.max_age_seconds, now)
    except Unreachable as error:
        (state,) = config.scopes
        unknown = replace(state, state=ScopeState.UNKNOWN, objects={}, reason=error.reason)
        config = replace(config, scopes=(unknown,))
    accounts = PublishedAccounts(files, look.installation, settings, kinds, access, targets)
    accounts.seen[CONFIG_SCOPE] = look.at
    return PublishedPlace(config, accounts)
