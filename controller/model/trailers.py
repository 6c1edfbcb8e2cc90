"""Approvals written into commit messages: ``Envctl-Override: maxDeletes@3f9c1a``."""

import re

_OVERRIDE = re.compile(
    r"^[ \t>*+-]*Envctl-Override[ \t]*:(?P<values>[^\r\n]*)", re.IGNORECASE | re.MULTILINE
)
_APPROVAL = re.compile(r"[A-Za-z][A-Za-z0-9]*@[0-9a-f]{4,64}")


def overrides_in(message: str) -> tuple[str, ...]:
    """Return the ``GUARD@DIGEST`` approvals of a commit message, each once, in the order written.

    They may stand on any line, not only in the last paragraph: a squash-merge gathers the messages of several commits, often
    as a list or indented. One line may hold several, parted by commas or spaces. What is no GUARD@DIGEST approves nothing.
    """
    found = (
        word
        for line in _OVERRIDE.finditer(message)
        for word in re.split(r"[,\s]+", line["values"])
        if _APPROVAL.fullmatch(word)
    )
    return tuple(dict.fromkeys(found))
