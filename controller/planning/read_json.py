"""A plan file read back: a claim of what was reviewed, never an authority."""

from dataclasses import dataclass

import orjson

from controller.errors import WrongUsage
from controller.model.plan import FORMAT_VERSION
from controller.planning.json_check import check_json
from controller.planning.plan_schema import plan_schema


@dataclass(frozen=True, slots=True)
class PlanClaim:
    """What ``apply`` takes from a plan file: it plans ``scopes`` of ``revision`` anew and compares the digest.

    ``options`` are those the plan was asked for with: without them it would be another plan.
    """

    digest: str
    revision: str
    scopes: tuple[str, ...]
    options: tuple[str, ...] = ()
    changes: frozenset[str] = frozenset()
    """``update Group/…`` for each change, so that a plan that became another can say in what."""


def read_plan(data: bytes, name: str = "plan file") -> PlanClaim:
    """Read a plan file; ``name`` is how messages call it. Raises WrongUsage if it is none, or of another format.

    What is not as ``plan_schema`` says is told with its place: the file was changed or cut.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise WrongUsage(
            f"{name}: not JSON ({error})", fix="make it with envctl plan --format json --out FILE"
        ) from error
    if not isinstance(value, dict) or "formatVersion" not in value:
        raise WrongUsage(
            f"{name}: no plan file: it has no formatVersion",
            fix="make it with envctl plan --format json --out FILE",
        )
    if value["formatVersion"] != FORMAT_VERSION:
        raise WrongUsage(
            f"{name}: plan format {value['formatVersion']}, this envctl writes {FORMAT_VERSION}",
            fix="plan again with this version and review the new plan",
        )
    what = f"{name}: the file was changed or cut"
    check_json(value, plan_schema(), what, "plan again and review the new plan")
    return PlanClaim(
        value["digest"],
        value["revision"],
        tuple(scope["scope"] for scope in value["scopes"]),
        tuple(value.get("options", ())),
        frozenset(
            f"{change['action']} {change['kind']}/{change['key']}"
            for scope in value["scopes"]
            for change in scope["changes"]
        ),
    )
