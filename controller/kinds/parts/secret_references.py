"""References to secrets that documents may hold: secrets of the master's Secrets Manager, below what the settings allow."""

import re
from collections.abc import Iterable
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, Field

from controller.kinds.language.spec import HiddenWhereWrong, unfit
from controller.model.accepted import ALLOWED_SECRETS

SCHEME: Final = "secretsmanager://"
# The characters of Secrets Manager's names: no colon, so no ARN and no other account or region.
_NAME: Final = r"[A-Za-z0-9/_+=.@-]{1,512}"
REFERENCE_FORM: Final = rf"^secretsmanager://{_NAME}(#[^#\s]{{1,255}})?$"
_REFERENCE: Final = re.compile(rf"secretsmanager://(?P<name>{_NAME})(#(?P<key>[^#\s]{{1,255}}))?")
_PREFIX: Final = re.compile(rf"secretsmanager://{_NAME}")


class SecretName(NamedTuple):
    """A secret, and the field of it that is meant; None for all of its text."""

    name: str
    key: str | None


def secret_name(reference: str) -> SecretName | None:
    """Return what a document's reference names; None for what is none."""
    found = _REFERENCE.fullmatch(reference)
    if found is None or not _is_plain(found["name"]):
        return None
    return SecretName(found["name"], found["key"])


def is_allowed(reference: str, allowed: Iterable[str]) -> bool:
    """Tell whether documents may name this secret: one below a prefix that ends with a slash, or a secret allowed by its own name.

    ``secretsmanager://`` alone, which no settings can say, allows every secret.
    """
    named = secret_name(reference)
    if named is None:
        return False
    prefixes = (prefix.removeprefix(SCHEME) for prefix in allowed)
    return any(
        named.name.startswith(prefix) and named.name != prefix
        if not prefix or prefix.endswith("/")
        else named.name == prefix
        for prefix in prefixes
    )


def is_prefix(text: str) -> bool:
    """Tell whether settings may allow what begins like this."""
    found = _PREFIX.fullmatch(text)
    return found is not None and _is_plain(text.removeprefix(SCHEME).removesuffix("/"))


def _is_plain(name: str) -> bool:
    """Tell whether a name can be read in one way only: no empty step, none that seems to lead elsewhere."""
    return not {"", ".", ".."} & set(name.split("/"))


# The settings are not known here; the rule of the kind knows them.
_WRITE: Final = (
    f"write {ALLOWED_SECRETS[0]}NAME#FIELD, or another that allowedSecrets of the settings allows"
)


def _is_a_reference(text: str) -> str:
    # The value may be the secret itself, so unlike elsewhere it is not part of the message.
    if text.startswith(("env://", "s3://")):
        raise unfit(
            "documents name no variables of the environment and no objects of S3",
            f"keep the secret in the master's Secrets Manager and {_WRITE}",
        )
    if secret_name(text) is None:
        raise unfit(
            "expected a reference to a secret, never the secret itself",
            _WRITE,
        )
    return text


SecretReference = Annotated[
    str,
    AfterValidator(_is_a_reference),
    HiddenWhereWrong(),
    Field(json_schema_extra={"pattern": REFERENCE_FORM}),
]
