"""A plan file read back: a claim of what was reviewed, never an authority."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from controller.errors import WrongUsage
from controller.model.plan import FORMAT_VERSION


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
    """Read a plan file; ``name`` is how messages call it. Raises WrongUsage if it is none, or of another format."""
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
    scopes = value.get("scopes")
    if not isinstance(scopes, list):
        raise _damaged(name, "scopes")
    options = value.get("options", [])
    if not (isinstance(options, list) and all(isinstance(option, str) for option in options)):
        raise _damaged(name, "options")
    return PlanClaim(
        _text(value, "digest", name),
        _text(value, "revision", name),
        tuple(_text(scope, "scope", name) for scope in scopes),
        tuple(options),
        frozenset(change for scope in scopes for change in _changes(scope, name)),
    )


def _changes(scope: Any, name: str) -> Iterator[str]:
    changes = scope.get("changes", [])
    if not isinstance(changes, list):
        raise _damaged(name, "changes")
    for change in changes:
        action, kind, key = (_text(change, field, name) for field in ("action", "kind", "key"))
        yield f"{action} {kind}/{key}"


def _text(value: Any, field: str, name: str) -> str:
    text = value.get(field) if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise _damaged(name, field)
    return text


def _damaged(name: str, field: str) -> WrongUsage:
    return WrongUsage(
        f"{name}: {field} is missing or of the wrong type: the file was changed or cut",
        fix="plan again and review the new plan",
    )
