"""The reports of a plan of 100 000 changes: how long each takes, and how much memory beside the plan.

Everything is of one process, tuned as ``envctl plan`` is: CPU time, and how far the peak of its memory rises while a report is made.
``--check`` exits 1 where the comment or the page passes a limit.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from typing import Final

from controller.gc_tuning import relaxed_gc
from controller.model.canonical import canonical_bytes
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.plan import Action, Cause, Change, Edit, FieldChange, Plan, ScopePlan
from controller.model.ref import Origin, ResourceRef
from controller.views.plan.html import render_html
from controller.views.plan.markdown import render_markdown

CHANGES: Final = 100_000
MOST_SECONDS: Final = 5.0
MOST_MEGABYTES: Final = 300
ACTIONS: Final[tuple[Action, ...]] = ("update", "update", "update", "create", "delete")
LIVE: Final = "111111111111/eu-west-1"


def made_plan(changes: int) -> Plan:
    """Return a plan that edits, makes and takes away so many objects of the tables and of an account, in 500 files."""
    made = [_change(number) for number in range(changes)]
    config = tuple(change for change in made if change.ref.kind != "Group")
    live = tuple(change for change in made if change.ref.kind == "Group")
    scopes = (
        ScopePlan(CONFIG_SCOPE, ScopeState.OK, config),
        ScopePlan(LIVE, ScopeState.OK, live),
    )
    return Plan("9f1e0aa", "main@9f1e0aa", scopes, "d" * 64)


def _change(number: int) -> Change:
    action = ACTIONS[number % len(ACTIONS)]
    is_live = number % 3 == 0
    name = f"c{number:06}"
    ref = ResourceRef("Group", f"{LIVE}/{name}-ta-Web") if is_live else ResourceRef("Service", name)
    image = canonical_bytes({"T": {"Name": name, "Value": {"Port": number, "Owner": "Tango"}}})
    origin = Origin(f"fleet/team{number % 500}.yaml", number % 900 + 1)
    fields = (
        FieldChange("bluePort", number, number + 1),
        FieldChange("roles.Web.ami", "web-1.4.2", "web-1.4.3"),
    )
    return Change(
        action=action,
        target="groups" if is_live else "tables",
        ref=ref,
        cause=Cause.DRIFTED if number % 10 == 0 else Cause.EDITED,
        fields=fields if action == "update" else (),
        before=None if action == "create" else image,
        after=None if action == "delete" else image,
        extra=b"{}",
        digest="d" * 64,
        base=b"{}",
        origin=origin,
        edit=Edit(Origin(origin.path), "removed") if action == "delete" else None,
        effects={"ended": 2} if is_live and action == "delete" else None,
    )


def measured(make: Callable[[], str]) -> tuple[float, float, int]:
    """Return CPU seconds, megabytes by which the peak rose, and the bytes of what was made."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    with relaxed_gc():
        text = make()
    took = time.process_time() - started
    rose = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return took, rose, len(text.encode())


def main() -> None:
    """Print both; exit 1 under ``--check`` if a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=CHANGES)
    parser.add_argument("--check", action="store_true", help="exit 1 if a limit is passed")
    given = parser.parse_args()
    plan = made_plan(given.changes)
    passed = False
    for name, make in (
        ("markdown", lambda: render_markdown(plan)),
        ("html", lambda: render_html(plan)),
    ):
        took, rose, size = measured(make)
        passed |= took > MOST_SECONDS or rose > MOST_MEGABYTES
        print(f"{name:9} {given.changes:,} changes: {took:.2f} s of CPU, +{rose:.0f} MB, {size:,} bytes")  # fmt: skip
    print(f"limits of each: {MOST_SECONDS} s, {MOST_MEGABYTES} MB")
    sys.exit(1 if given.check and passed else 0)


if __name__ == "__main__":
    main()
