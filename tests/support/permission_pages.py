"""The page of docs/reference on what the controller's role in an account must be allowed, made from what doctor asks for."""

from collections.abc import Iterator

from controller.aws.probes import COPIES, HINTS, LAUNCHING, LOOK, NOT_PROBED, OF_TARGET

NOTE = "<!-- Made from the code by `make golden`; edit the code. -->"
INTRO = (
    "What the role in each account (`roleArn` of its Account) must be allowed, by target: a target that is off needs nothing, one that only observes "
    "needs the first column. `envctl doctor` tries what it can; the last column has no dry run in AWS and is known to be allowed when it is done first. "
    "The role trusts the roles the controller runs as, each by name, and asks for the Account's `externalId` (`sts:ExternalId`); its name is one of "
    "the setting `allowedRoleNames`. `sts:GetCallerIdentity` needs no permission. `iam:PassRole` is for the instance profiles' roles, which are listed; "
    "`ec2:RunInstances` and `ec2:CreateTags` are checked by Auto Scaling when a group uses a launch template. Groups and launch templates are made with "
    "the tag `envctl:id` and changed only where they carry it; instances are started and stopped only where they carry the tag `Environment`. "
    "`deploy/child.yaml` is a CloudFormation template of such a role; "
    "[connect an account](../how-to/connect-an-account.md) says how to deploy it, and with which parameters it does more."
)


def permission_pages() -> dict[str, str]:
    """Return file name -> text."""
    return {
        "permissions.md": "\n".join(
            [NOTE, "# Permissions in accounts", "", INTRO, "", *_rows(), ""]
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


def _list(actions: Iterator[str] | tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{one}`" for one in sorted(actions))
