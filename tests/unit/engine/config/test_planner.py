"""Desired state that is not YAML goes the way of any other: compared, guarded, overridden, with a cause of its own."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.catalog import kinds
from controller.engine.config.observe import ObservedConfig, seen_in_desired
from controller.engine.config.planner import Planner, PlanRun
from controller.engine.desired.load_revision import RevisionLoader
from controller.engine.desired.stored_objects import stored_objects
from controller.engine.state.override_rows import row_of_override
from controller.errors import InvalidDesiredState
from controller.kinds.language.kind import DEFAULT_RULES
from controller.loading.resolve import desired_from_items
from controller.model.override import Override
from controller.model.plan import Cause, Change, PlanOptions
from controller.model.ref import ResourceRef
from controller.model.resource import DesiredState
from controller.settings import Settings
from tests.support.text_source import TextSource
from tests.support.yaml_fleet import CLUSTER, KINDS, SERVICE

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
THEN = {"cluster.yaml": CLUSTER, "search.yaml": SERVICE}
NOW_DESCRIBED = SERVICE.replace("bluePort", "description: new, bluePort")
SEARCH = ResourceRef("Service", "Search")


def state(texts: dict[str, str]) -> DesiredState:
    return RevisionLoader(KINDS, DEFAULT_RULES).load(TextSource(texts)).desired


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the tables held once."""

    held: DesiredState
    name: str = "snapshot 2026-11-27"
    cause: Cause = Cause.RESTORED

    def desired(self) -> DesiredState:
        """Return it as desired state."""
        (tables,) = seen_in_desired(self.held).scopes
        found = desired_from_items(
            stored_objects(tables, KINDS), KINDS, source=self.name, revision="s1"
        )
        if found.problems:
            raise InvalidDesiredState(found.problems)
        return found.desired


def planned(
    then: dict[str, str], now: dict[str, str], overrides: tuple[Override, ...] = ()
) -> PlanRun:
    """Plan to have again what was there then, against what is there now."""
    planner = Planner(lambda: Snapshot(state(then)), Settings(), kinds())
    seen = seen_in_desired(state(now))
    facts = {"overrides": [row_of_override(override) for override in overrides]}
    scopes = tuple(replace(scope, facts=facts) for scope in seen.scopes)
    found = ObservedConfig(scopes, seen.recorded, seen.missed)
    return planner.plan(planner.load(), found, PlanOptions(now=NOW))


def only_change(run: PlanRun) -> Change:
    (change,) = run.plan.changes
    return change


def test_what_was_the_same_then_is_no_change() -> None:
    assert planned(THEN, THEN).plan.changes == ()


def test_a_field_gets_its_old_value_back_with_the_cause_of_its_source() -> None:
    now = {**THEN, "search.yaml": NOW_DESCRIBED}

    change = only_change(planned(THEN, now))

    assert (change.ref, change.action, change.cause) == (SEARCH, "update", Cause.RESTORED)
    assert change.origin is not None
    assert change.origin.path == "snapshot 2026-11-27"


def test_what_is_gone_comes_back() -> None:
    change = only_change(planned(THEN, {"cluster.yaml": CLUSTER}))

    assert (change.ref, change.action) == (SEARCH, "create")


def test_overrides_that_hold_are_laid_over_it() -> None:
    held = Override(
        id="A1",
        ref=SEARCH,
        reason="release night",
        actor="ada",
        since=NOW - timedelta(hours=1),
        path="spec.description",
        value="for tonight",
        until=NOW + timedelta(hours=1),
    )

    change = only_change(planned(THEN, THEN, (held,)))

    assert change.cause is Cause.OVERRIDDEN
    assert [field.after for field in change.fields] == ["for tonight"]


def test_it_says_nothing_of_git_so_what_git_is_to_end_goes_on() -> None:
    held = Override(
        id="A1",
        ref=SEARCH,
        reason="until it is mended",
        actor="ada",
        since=NOW - timedelta(hours=1),
        until_git=True,
        base_digest="of another document",
    )
    now = {**THEN, "search.yaml": NOW_DESCRIBED}

    assert planned(THEN, now, (held,)).plan.changes == (), "the object is left as it is"


def test_what_may_not_change_is_told_without_a_line() -> None:
    moved = CLUSTER.replace("shortName: ta", "shortName: zz")

    with pytest.raises(InvalidDesiredState) as caught:
        planned(THEN, {**THEN, "cluster.yaml": moved})

    (problem,) = caught.value.problems
    assert str(problem.origin) == "snapshot 2026-11-27"
    assert problem.message.startswith("Cluster/")
    assert problem.excerpt is None
