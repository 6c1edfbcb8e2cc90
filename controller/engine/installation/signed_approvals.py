"""What somebody approved by a file that the settings name: read anew each time, and worth what its signature is."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from controller.aws.blob_store import Bound, read_object
from controller.aws.errors import NotFound
from controller.aws.sessions import MASTER
from controller.engine.installation.installation import Master
from controller.errors import EnvctlError, WrongUsage
from controller.model.plan import Approval, Note, NoteCategory
from controller.model.ref import ResourceRef
from controller.planning.approvals import NO_LINES, SIGNED_FOR, CommitLines, tokens_for
from controller.sources.ssh_signature import signer_of

_BOUND: Final = Bound(64 * 1024, "a file of approvals")


def signed_lines(master: Master, revision: str) -> CommitLines:
    """Return what the signed file approves of a revision, or a note why it approves nothing. No error is raised: it is then not approved."""
    settings = master.settings.approvals
    if settings.signed is None:
        return NO_LINES
    try:
        with suppress(NotFound, FileNotFoundError):
            text = _read(master, settings.signed)
            signature = _read(master, f"{settings.signed}.sig")
            name = signer_of(text, signature, settings.signers, SIGNED_FOR)
            if not name:
                return _none(settings.signed, "none of approvals.signers signed it")
            tokens = tokens_for(revision, text.decode(errors="replace"))
            by = f"a file signed by {name}"
            return CommitLines(
                signed=tuple(Approval(token, by, in_commit=True) for token in tokens)
            )
    except EnvctlError as error:
        return _none(settings.signed, error.message)
    # Nobody has signed anything.
    return NO_LINES


def _none(place: str, why: str) -> CommitLines:
    text = f"the file {place} approves nothing: {why}"
    return CommitLines(notes=(Note(NoteCategory.APPROVAL, ResourceRef("Approval", place), text),))


def _read(master: Master, place: str) -> bytes:
    if place.startswith("s3://"):
        with master.aws.telling_who():
            return read_object(master.aws.client("s3", MASTER), place, _BOUND)
    try:
        with Path(place).open("rb") as file:
            return _BOUND.read(file, place)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise WrongUsage(
            f"{place}: cannot be read: {error.strerror}", fix="name a file in approvals.signed"
        ) from error
