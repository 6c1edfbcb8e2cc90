"""A file of approvals that somebody signed: of one revision, so that it approves nothing of another.

    revision 9f1e0aa4c1d2e3f40516273849a0b1c2d3e4f506
    approvalRequired@3f9c1a77d0e2b415

Empty lines and those that begin with ``#`` say nothing.
"""

from typing import Final

NAMESPACE: Final = "envctl-approval"
"""What it is signed for: a signature of something else, as of a commit, is none of it."""
_REVISION: Final = "revision "


def tokens_for(revision: str, text: str) -> tuple[str, ...]:
    """Return the ``GUARD@DIGEST`` approvals of a file; none where its first line does not name this revision in full."""
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    if not revision or not said or said[0] != f"{_REVISION}{revision}":
        return ()
    return tuple(said[1:])
