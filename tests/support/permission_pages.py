"""The page of docs/reference on what the controller's role in an account must be allowed, made from what doctor asks for."""

from collections.abc import Iterator
from typing import Final

from controller.aws.probes import COPIES, HINTS, LAUNCHING, LOOK, NOT_PROBED, OF_TARGET
from tests.support.master_stack import LOOKS, master_stack, policy
from tests.support.permissions_explained import PERMISSIONS

PROBES: Final = {probe.action: probe for probes in (LOOK, *OF_TARGET.values()) for probe in probes}
CHANGING: Final = frozenset(
    {probe.action for probe in PROBES.values() if probe.changes}
    | {action for actions in NOT_PROBED.values() for action in actions}
)
"""Actions that change something in the account."""
_NEEDED: Final = {
    "account": "a topic of the account's own that nobody has",
    "instance": "an instance of an environment, if there is one",
}

NOTE = "<!-- Made from the code by `make golden`; edit the code. -->"
INTRO = (
    "What the role in each account (`roleArn` of its Account) must be allowed, and nothing else is needed. "
    "A target that is off needs nothing, one that only observes nothing that changes anything (in **bold**). "
    "The role trusts the roles the controller runs as, each by name, and asks for the Account's `externalId` (`sts:ExternalId`); its name is one of "
    "the setting `allowedRoleNames`. `sts:GetCallerIdentity` needs no permission. What fails says so in AWS's words, and is tried again by each run. `deploy/child.yaml` is a CloudFormation template of such a role; "
    "[connect an account](../how-to/connect-an-account.md) says how to deploy it, and with which parameters it does more."
)
AFTER = (
    "Groups and launch templates are made with the tag `envctl:id` and changed only where they carry it; instances are started and stopped only "
    "where they carry the tag `Environment`. AWS checks permission before it looks at anything else, so that a dry run, or a question about a name that "
    "nothing has, tells. What is *not tried* is known to be allowed when it is done first: `envctl doctor` lists it as such, and counts it neither as there nor as lacking."
)

BUCKETS = (
    "## On buckets, in the master account\n\n"
    "What the controller's own role needs besides on a bucket that a setting names, and a pipeline on the one it plans from; "
    "`deploy/master.yaml` allows just that."
)


def permission_pages() -> dict[str, str]:
    """Return file name -> text."""
    return {
        "permissions.md": "\n".join(
            [
                NOTE,
                "# Permissions in accounts",
                "",
                INTRO,
                "",
                *_rows(),
                "",
                AFTER,
                "",
                BUCKETS,
                "",
                *_of_buckets(),
                "",
            ]
        )
    }


def _rows() -> Iterator[str]:
    yield "| action | target | what for | without it | `envctl doctor` |"
    yield "|---|---|---|---|---|"
    for one in PERMISSIONS:
        shown = ", ".join(
            f"**`{action}`**" if action in CHANGING else f"`{action}`" for action in one.actions
        )
        tried = f"not tried: {one.untried}" if one.untried else _tried(one.actions)
        targets = ", ".join(sorted({name for action in one.actions for name in _targets(action)}))
        yield f"| {shown} | {targets} | {one.purpose} | {one.without} | {tried} |"


def _targets(action: str) -> Iterator[str]:
    """Yield the targets that ask for an action."""
    if action in {probe.action for probe in LOOK}:
        yield "every"
        return
    if action in HINTS:
        yield "every"
    if action in LAUNCHING:
        yield "`groups`"
    if action in COPIES:
        yield "`replicas`"
    for name, probes in OF_TARGET.items():
        if action in {probe.action for probe in probes}:
            yield f"`{name}`"
    for name, actions in NOT_PROBED.items():
        if action in actions:
            yield f"`{name}`"


def _tried(actions: tuple[str, ...]) -> str:
    """Return how doctor tries actions that are for one thing."""
    if set(actions) <= {*COPIES}:
        return "tried: it looks at the copies as a run does, and says where it is denied"
    if set(actions) <= {*LAUNCHING}:
        return "tried: it asks, and says where it is denied"
    probes = [PROBES[action] for action in actions]
    ways = {"a dry run" if "DryRun" in one.request else "a question that finds next to nothing" for one in probes}  # fmt: skip
    needs = {f" on {_NEEDED[one.needs]}" for one in probes if one.needs}
    enforced = ", where the target is enforced" if any(one.changes for one in probes) else ""
    return f"tried: {' or '.join(sorted(ways))}{''.join(needs)}{enforced}"


def _of_buckets() -> Iterator[str]:
    stack = master_stack(SourceBucket="fleet")
    looks = [one for one in policy(stack, "Work") if str(one["Resource"]).startswith(LOOKS)]
    yield "| where | role | on the bucket | on its objects |"
    yield "|---|---|---|---|"
    for where, role, statements in (
        ("setting `source.s3`", "the controller's", policy(stack, "Source")),
        ("setting `observed.bucket`", "the controller's", looks),
        ("`envctl plan --observed s3://…`", "the pipeline's", policy(stack, "PlanPolicy")),
    ):
        on_objects = {
            of_objects: [
                action
                for one in statements
                if str(one["Resource"]).endswith("/*") is of_objects
                for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
            ]
            for of_objects in (False, True)
        }
        yield f"| {where} | {role} | {_list(on_objects[False])} | {_list(on_objects[True])} |"


def _list(actions: Iterator[str] | tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{one}`" for one in sorted(actions))
