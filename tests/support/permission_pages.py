"""The page of docs/reference on what the controller's role in an account must be allowed, made from what doctor asks for."""

from collections.abc import Iterator

from controller.aws.probes import COPIES, HINTS, LAUNCHING, LOOK, NOT_PROBED, OF_TARGET
from tests.support.master_stack import LOOKS, master_stack, policy

NOTE = "<!-- Made from the code by `make golden`; edit the code. -->"
INTRO = (
    "What the role in each account (`roleArn` of its Account) must be allowed, by target: a target that is off needs nothing, one that only observes "
    "needs the first column. `envctl doctor` tries what it can; the last column has no dry run in AWS and is known to be allowed when it is done first. "
    "The role trusts the roles the controller runs as, each by name, and asks for the Account's `externalId` (`sts:ExternalId`); its name is one of "
    "the setting `allowedRoleNames`. `sts:GetCallerIdentity` needs no permission. `iam:PassRole` is for the instance profiles' roles, which are listed; `kms:CreateGrant` for keys of your own that encrypt volumes, likewise listed; "
    "`ec2:RunInstances` and `ec2:CreateTags` are checked by Auto Scaling when a group uses a launch template. Groups and launch templates are made with "
    "the tag `envctl:id` and changed only where they carry it; instances are started and stopped only where they carry the tag `Environment`. "
    "`deploy/child.yaml` is a CloudFormation template of such a role; "
    "[connect an account](../how-to/connect-an-account.md) says how to deploy it, and with which parameters it does more."
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
                BUCKETS,
                "",
                *_of_buckets(),
                "",
            ]
        )
    }


def _rows() -> Iterator[str]:
    yield "| target | looks | tried by doctor as a dry run | not tried |"
    yield "|---|---|---|---|"
    yield f"| every | {_list(one.action for one in LOOK)} | | |"
    yield f"| every, with the setting `live.cloudTrail: read` | | | {_list(HINTS)} |"
    yield f"| `groups`, for `envctl doctor` alone | {_list(LAUNCHING)} | | |"
    for target in sorted({*OF_TARGET, *NOT_PROBED}):
        probes = OF_TARGET.get(target, ())
        looks = [one.action for one in probes if not one.changes]
        looks += COPIES if target == "replicas" else ()
        changes = _list(one.action for one in probes if one.changes)
        yield f"| `{target}` | {_list(looks)} | {changes} | {_list(NOT_PROBED.get(target, ()))} |"


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
