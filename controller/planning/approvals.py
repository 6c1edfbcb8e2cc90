"""How a person lets exactly what one guard counted go on: ``maxDeletes@3f9c1a77d0e2b415``, given by hand, in a commit or in a signed file.

A line of a commit counts only where the settings say so, and never in a plan that judges what is not merged yet: whoever
writes a change writes its commits too.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from controller.kinds.language.documented import Names, SettingsPart
from controller.kinds.language.spec import unfit
from controller.kinds.parts.ssh_keys import SshKeys
from controller.model.canonical import DIGEST_DIGITS
from controller.model.plan import Approval, Note, NoteCategory, Violation
from controller.model.ref import ResourceRef

TRAILER: Final = "Envctl-Approve"
"""What a line of a commit message begins with that approves: ``Envctl-Approve: maxDeletes@3f9c1a77d0e2b415``."""

SIGNED_FOR: Final = "envctl-approval"
"""What a file of approvals is signed for: a signature of something else, as of a commit, is none of it."""
_REVISION: Final = "revision "

_TOKEN: Final = re.compile(r"(?P<guard>[A-Za-z][A-Za-z0-9]*)@(?P<digits>[0-9a-f]{1,64})")
_TRAILER_LINE: Final = re.compile(
    rf"^[ \t>*+-]*{TRAILER}[ \t]*:(?P<values>[^\r\n]*)", re.IGNORECASE | re.MULTILINE
)
_COMMIT_DIGITS: Final = 7
_LONGEST_SAID: Final = 60
OTHERS_NOW: Final = "the changes it was given for are others now"
TOO_SHORT: Final = f"its digest is too short, expected at least {DIGEST_DIGITS} digits"
NOT_OF_THE_FORM: Final = "expected GUARD@DIGEST, as a refusal prints it"
NOT_THE_TABLES: Final = "only a plan against the tables can tell what approves its changes"


_COMMITTER: Final = re.compile(r"[^<>]+ <[^<>\s]+>")


class ApprovalSettings(SettingsPart):
    """Whether a line ``Envctl-Approve: GUARD@DIGEST`` of a commit message approves what a guard refused."""

    in_commits: Literal["never", "merged"] = "never"
    """``merged``: lines count in the newest commit of the settings' own source and ref, never in a plan of another source or
    branch. Whoever may write that commit's message may approve: it takes a protected branch."""
    committers: Names = ()
    """Whose commits count, as Git names them: ``GitHub <noreply@github.com>``. Name who merges, not who writes changes."""
    signed: Annotated[str | None, Field(pattern=r"^(s3://[^/\s]+/|/)[^\r\n]+$")] = None
    """File of approvals, which one of ``signers`` signed; the signature is beside it, with ``.sig`` after its name. s3://BUCKET/KEY, or a path."""
    signers: SshKeys = ()
    """Public SSH keys, each ``NAME TYPE KEY``, of those whose signed file approves."""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        for name in self.committers:
            if not _COMMITTER.fullmatch(name):
                raise unfit(
                    f"expected committers as NAME <EMAIL>, found {name!r}",
                    "git log --format='%cn <%ce>' shows them",
                )
        if self.in_commits == "merged" and not self.committers:
            raise unfit(
                "inCommits: merged, but nobody's commits count", "list who merges in committers"
            )
        if bool(self.signers) != (self.signed is not None):
            raise unfit(
                "approvals.signed and approvals.signers go together",
                "name the file in signed, and in signers whose signature counts",
            )
        return self


class Commit(NamedTuple):
    """A commit whose message may approve: its whole id, ``NAME <EMAIL>`` of who committed it, and what it says."""

    id: str
    committer: str
    body: str


class CommitLines(NamedTuple):
    """What the lines of a commit approve, and a signed file; or notes why they approve nothing."""

    approvals: tuple[Approval, ...] = ()
    notes: tuple[Note, ...] = ()
    commit: str = ""
    """The commit, as notes name it."""
    signed: tuple[Approval, ...] = ()
    """What a signed file approves of the same revision."""


NO_LINES: Final = CommitLines()


def approvals_in(message: str) -> tuple[str, ...]:
    """Return the ``GUARD@DIGEST`` approvals of a commit message, each once, in the order written.

    They may stand on any line, not only in the last paragraph: a squash-merge gathers the messages of several commits, often
    as a list or indented. One line may hold several, parted by commas or spaces. What is no GUARD@DIGEST approves nothing.
    """
    return tuple(word for word in _words(message) if _TOKEN.fullmatch(word))


def _words(message: str) -> tuple[str, ...]:
    """Return what stands on lines that would approve, each word once; the empty word for a line that says nothing."""
    lines = (line["values"].strip() for line in _TRAILER_LINE.finditer(message))
    return tuple(dict.fromkeys(word for line in lines for word in re.split(r"[,\s]+", line)))


def lines_of(commit: Commit, settings: ApprovalSettings, judges: str = "") -> CommitLines:
    """Return what a commit's lines approve; ``judges`` says what a plan is of that takes none of them, whoever committed."""
    if not _TRAILER_LINE.search(commit.body):
        return NO_LINES
    words = _words(commit.body)
    tokens = tuple(word for word in words if _TOKEN.fullmatch(word))
    name = commit.id[:_COMMIT_DIGITS]
    strange = next((word for word in words if word not in tokens), None)
    if strange is not None and not tokens:
        return CommitLines(notes=(_no_approval(name, _of_no_form(strange)),))
    why = _why_not(commit.committer, tokens, settings, judges)
    if why:
        return CommitLines(notes=(_no_approval(name, why),))
    by = f"a line of commit {name} of {commit.committer}"
    notes = () if strange is None else (_no_approval(name, _of_no_form(strange)),)
    approvals = tuple(Approval(token, by, in_commit=True) for token in tokens)
    return CommitLines(approvals, notes, name)


def tokens_for(revision: str, text: str) -> tuple[str, ...]:
    """Return the ``GUARD@DIGEST`` approvals of a signed file; none where its first line does not name this revision in full.

        revision 9f1e0aa4c1d2e3f40516273849a0b1c2d3e4f506
        approvalRequired@3f9c1a77d0e2b415

    So it approves nothing of another. Empty lines and those that begin with ``#`` say nothing.
    """
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    if not revision or not said or said[0] != f"{_REVISION}{revision}":
        return ()
    return tuple(said[1:])


def unused_lines(lines: CommitLines, violations: Sequence[Violation]) -> tuple[Note, ...]:
    """Return a note of each approval in lines that count which approves none of these violations."""
    whys = {given.token: why_unused(violations, given.token) for given in lines.approvals}
    return tuple(
        _no_approval(lines.commit, f"{token}: {why}") for token, why in whys.items() if why
    )


def _of_no_form(word: str) -> str:
    said = word if len(word) <= _LONGEST_SAID else f"{word[:_LONGEST_SAID]}…"
    return f"{said}: {NOT_OF_THE_FORM}" if said else NOT_OF_THE_FORM


def _no_approval(commit: str, why: str) -> Note:
    text = f"a line of commit {commit} does not approve: {why}"
    return Note(NoteCategory.APPROVAL, ResourceRef("Commit", commit), text)


def _why_not(committer: str, tokens: Sequence[str], settings: ApprovalSettings, judges: str) -> str:
    if settings.in_commits == "never":
        return "the settings say approvals.inCommits: never"
    if judges:
        return f"this is a plan of {judges}"
    if committer not in settings.committers:
        return f"its committer {committer} is not among approvals.committers"
    short = [token for token in tokens if is_too_short(token)]
    return f"{short[0]}: {TOO_SHORT}" if short == list(tokens) else ""


def approve(
    violations: Iterable[Violation], approvals: Sequence[Approval] | None
) -> tuple[Violation, ...]:
    """Return the violations, those that somebody approved set as overridden, with who it was.

    What cannot be overridden stays as it is. ``approvals`` are None where what approves cannot be known.
    """
    if approvals is None:
        return tuple(replace(violation, has_token=False) for violation in violations)
    return tuple(_judged(violation, approvals) for violation in violations)


def _judged(violation: Violation, approvals: Sequence[Approval]) -> Violation:
    by = next((given for given in approvals if _approves(given.token, violation)), None)
    if by is None or not violation.overridable:
        return violation
    return replace(violation, overridden=True, approved_by=by.by, in_commit=by.in_commit)


def why_unused(violations: Sequence[Violation], token: str) -> str:
    """Return why a token approves none of a plan's violations; empty if it does."""
    if any(_approves(token, violation) for violation in violations):
        return ""
    if any(not violation.has_token for violation in violations):
        return NOT_THE_TABLES
    if not _TOKEN.fullmatch(token):
        return NOT_OF_THE_FORM
    return TOO_SHORT if is_too_short(token) else OTHERS_NOW


def is_too_short(token: str) -> bool:
    """Tell whether a token has fewer digits than tell violations apart: it approves nothing."""
    match = _TOKEN.fullmatch(token)
    return match is not None and len(match["digits"]) < DIGEST_DIGITS


def _approves(token: str, violation: Violation) -> bool:
    match = _TOKEN.fullmatch(token)
    return (
        match is not None
        and violation.has_token
        and match["guard"] == violation.guard
        and len(match["digits"]) >= DIGEST_DIGITS
        and violation.digest.startswith(match["digits"])
    )
