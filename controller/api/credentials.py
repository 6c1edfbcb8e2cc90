"""Who may ask what: digests of tokens and secrets of webhooks, kept outside of the settings and read again every minute."""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from controller.aws.blob_store import Bound
from controller.aws.kept import Kept
from controller.aws.secrets import Secrets
from controller.engine.installation.installation import Master, read_named
from controller.errors import WrongUsage
from controller.kinds.language.documented import SettingsPart
from controller.kinds.language.spec import HiddenWhereWrong
from controller.loading.documents import Irregular, parse_documents
from controller.loading.issues import secret_names, validation_issues
from controller.loading.positions import dotted
from controller.loading.text_problems import find_text_problems
from controller.model.ref import Origin, Problem
from controller.redactor import REDACTOR

Right = Literal["read", "override", "reconcile", "snapshot", "restore"]
"""What a token may do: ask; make and release overrides; have a scope reconciled; have snapshots taken and proven; put back and import."""

_BOUND: Final = Bound(64 << 10, "credentials")


class Token(SettingsPart):
    """A token, by its digest."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
    """Who holds it: what is done with it is recorded under this name."""
    sha256: Annotated[str, HiddenWhereWrong(), Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the token, in hexadecimal digits."""
    scopes: Annotated[list[Right], Field(min_length=1)]
    """What it may do: read, override, reconcile, snapshot, restore."""


Secret = Annotated[str, HiddenWhereWrong(), Field(min_length=16, max_length=1024)]


class Credentials(SettingsPart):
    """Everybody who may ask."""

    tokens: Annotated[list[Token], Field(max_length=256)] = Field(default_factory=list)
    """Tokens; two with the same name are two of one caller, as while they are changed."""
    webhook_secrets: Annotated[list[Secret], HiddenWhereWrong(), Field(max_length=2)] = Field(
        default_factory=list
    )
    """Secrets that a Git host signs its webhooks with, or sends: two while they are changed."""

    def holder(self, token: str) -> Token | None:
        """Return whose token it is; None if it is nobody's. Takes as long whoever it is."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = None
        for known in self.tokens:
            if hmac.compare_digest(known.sha256, digest):
                found = known
        return found


def credentials_of(name: str, data: bytes) -> Credentials:
    """Read credentials from YAML; ``name`` is how messages call the place. Raises WrongUsage, which quotes nothing of it."""
    try:
        documents = parse_documents(data)
        value = documents[0].value if documents else {}
        found = Credentials.model_validate(value)
    except Irregular:
        raise _wrong(find_text_problems(name, data, secret_names(Credentials))) from None
    except ValidationError as error:
        issues = validation_issues(error, (), Credentials)
        raise _wrong([issue.at(Origin(name), dotted(issue.path)) for issue in issues]) from None
    REDACTOR.tell(*found.webhook_secrets)
    return found


def _wrong(problems: Iterable[Problem]) -> WrongUsage:
    return WrongUsage(
        "http.credentials: what is kept there is wrong", detail="\n".join(map(str, problems))
    )


def read_credentials(reference: str, master: Master) -> bytes:
    """Return what is kept under a reference: a file, ``s3://…``, ``secretsmanager://…`` or ``env://…``. Raises as reading it."""
    process = master.process
    if reference.startswith(("secretsmanager://", "env://")):
        return Secrets(master.aws, process.environment, process.clock).value(reference).encode()
    return read_named(reference, "http.credentials", process, _BOUND)


class KeptCredentials(Kept[Credentials]):
    """Who may ask, read again every minute. ``read`` gives the YAML, ``name`` is how messages call its place."""

    def __init__(self, name: str, read: Callable[[], bytes], clock: Callable[[], datetime]) -> None:
        """Take them; nothing is read yet."""
        super().__init__(lambda: credentials_of(name, read()), clock)
