"""Secrets by reference: ``env://NAME``, ``s3://bucket/key`` and ``secretsmanager://name#key``.

Values reach nobody but the caller, and the redactor, which takes them out of every text. Documents name secrets of the master's
Secrets Manager alone, and of those the ones that the settings allow.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Final

from controller.aws.blob_store import Bound, read_object
from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.aws.kept import Kept
from controller.aws.sessions import MASTER, AwsAccess
from controller.errors import WrongUsage
from controller.kinds.parts.secret_references import SCHEME, is_allowed
from controller.redactor import LONGEST, REDACTOR

FORMS: Final = "env://NAME, s3://BUCKET/KEY or secretsmanager://NAME#KEY"
SCHEMES: Final = ("env://", "s3://", "secretsmanager://")
_SECRET: Final = re.compile(r"secretsmanager://(?P<name>[^#\s]+)(#(?P<key>[^#\s]+))?")
_BOUND: Final = Bound(LONGEST, "a secret")
_EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
"""What STS takes; anything else it would refuse, and quote."""


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Reads secrets with the master's own credentials, each again when it is a minute old (see ``Kept``). Thread-safe."""

    access: AwsAccess
    environment: Mapping[str, str]
    clock: Callable[[], datetime]
    allowed: tuple[str, ...] = ()
    """What references of documents begin with."""
    _known: dict[str, Kept[str]] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def value(self, reference: str) -> str:
        """Return what a reference stands for, without white space around it.

        Raises WrongUsage for a reference that leads nowhere or to more than 64 KiB, NotFound and AccessDenied as any call. No
        error holds a value.
        """
        with self._lock:
            kept = self._known.get(reference)
            if kept is None:
                kept = self._known[reference] = Kept(partial(self._told, reference), self.clock)
        return kept.current()

    def external_id(self, reference: str) -> str:
        """Return the external id that an Account's reference stands for, in the form that STS takes.

        Raises as ``value``, and WrongUsage before any call for a reference that documents may not hold: tables hold anything.
        """
        if not is_allowed(reference, self.allowed):
            allowed = ", ".join(self.allowed) or f"no {SCHEME} at all"
            # What stands there instead of a reference may be the secret itself.
            named = reference if "://" in reference else "it"
            raise WrongUsage(
                f"externalId: {named} is no secret that documents may name",
                fix=f"name one that allowedSecrets of the settings allows: {allowed}",
            )
        value = self.value(reference)
        if not _EXTERNAL_ID.fullmatch(value):
            raise WrongUsage(
                f"{reference}: what is kept there has not the form of an external id; nothing was sent",
                fix="keep 2 to 1224 letters, digits and characters of _+=,.@:/- there",
            )
        return value

    def _told(self, reference: str) -> str:
        value = self._read(reference)
        REDACTOR.tell(value)
        return value

    def _read(self, reference: str) -> str:
        if reference.startswith("env://"):
            name = reference.removeprefix("env://")
            value = _BOUND.check(self.environment.get(name, "").encode(), reference).decode()
        elif reference.startswith("s3://"):
            client = self.access.client("s3", MASTER)
            with self.access.telling_who():
                value = read_object(client, reference, _BOUND).decode(errors="replace")
        elif match := _SECRET.fullmatch(reference):
            value = self._from_secrets_manager(reference, match["name"], match["key"])
        else:
            # What stands there instead may be the secret itself.
            raise WrongUsage("this is no reference to a secret", fix=f"write {FORMS}")
        if not value.strip():
            raise WrongUsage(f"{reference}: nothing is kept there", fix="put the secret there")
        return value.strip()

    def _from_secrets_manager(self, reference: str, name: str, key: str | None) -> str:
        client = self.access.client("secretsmanager", MASTER)
        what = f"secrets: read {reference}"
        with self.access.telling_who(), aws_errors(what, place_of(client)):
            text = client.get_secret_value(SecretId=name).get("SecretString", "")
        _BOUND.check(text.encode(errors="replace"), reference)
        if key is None:
            return text
        try:
            return str(json.loads(text)[key])
        except (ValueError, KeyError, TypeError, RecursionError):
            # The text must not come along with the error.
            raise WrongUsage(
                f"{reference}: the secret is no JSON object with the key {key!r}",
                fix=f"write secretsmanager://{name} for a plain text, or add the key to the secret",
            ) from None
