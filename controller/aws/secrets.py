"""Secrets by reference: ``env://NAME``, ``s3://bucket/key`` and ``secretsmanager://name#key``. Values reach nobody but the caller."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from controller.aws.blob_store import read_object
from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.aws.sessions import MASTER, AwsAccess
from controller.errors import WrongUsage

_FORMS: Final = "env://NAME, s3://BUCKET/KEY or secretsmanager://NAME#KEY"
_SECRET: Final = re.compile(r"secretsmanager://(?P<name>[^#\s]+)(#(?P<key>[^#\s]+))?")


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Reads secrets with the master's own credentials. What was read is kept for the life of this object."""

    access: AwsAccess
    environment: Mapping[str, str]
    _known: dict[str, str] = field(default_factory=dict, init=False)

    def value(self, reference: str) -> str:
        """Return what a reference stands for, without white space around it.

        Raises WrongUsage for a reference that leads nowhere, NotFound and AccessDenied as any call. No error holds a value.
        """
        if reference not in self._known:
            self._known[reference] = self._read(reference)
        return self._known[reference]

    def _read(self, reference: str) -> str:
        if reference.startswith("env://"):
            name = reference.removeprefix("env://")
            value = self.environment.get(name, "")
        elif reference.startswith("s3://"):
            client = self.access.client("s3", MASTER)
            value = read_object(client, reference).decode(errors="replace")
        elif match := _SECRET.fullmatch(reference):
            value = self._from_secrets_manager(reference, match["name"], match["key"])
        else:
            raise WrongUsage(f"{reference!r} is no reference to a secret", fix=f"write {_FORMS}")
        if not value.strip():
            raise WrongUsage(f"{reference}: nothing is kept there", fix="put the secret there")
        return value.strip()

    def _from_secrets_manager(self, reference: str, name: str, key: str | None) -> str:
        client = self.access.client("secretsmanager", MASTER)
        with aws_errors(f"secrets: read {reference}", place_of(client)):
            text = client.get_secret_value(SecretId=name).get("SecretString", "")
        if key is None:
            return text
        try:
            return str(json.loads(text)[key])
        except (ValueError, KeyError, TypeError):
            # The text must not come along with the error.
            raise WrongUsage(
                f"{reference}: the secret is no JSON object with the key {key!r}",
                fix=f"write secretsmanager://{name} for a plain text, or add the key to the secret",
            ) from None
