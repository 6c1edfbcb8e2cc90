"""Which pull or merge request a commit says it came by, in the words of those who host repositories: a hint, and never more. Pure."""

import re
from typing import Final

_FORMS: Final = tuple(
    re.compile(form, re.MULTILINE)
    for form in (
        # GitHub, a merge; Bitbucket, a merge.
        r"\AMerge pull request (?P<id>#\d{1,10})\b",
        r"\AMerged in \S{1,200} \(pull request (?P<id>#\d{1,10})\)",
        # Azure DevOps, a merge.
        r"\AMerged PR (?P<id>\d{1,10}):",
        # GitLab, in the last lines of a merge.
        r"^See merge request (?P<id>[\w./-]{1,100}!\d{1,10})$",
        # GitHub, a squash: the first line ends with it.
        r"\A[^\n]{0,500}\((?P<id>#\d{1,10})\)[ \r]*$",
    )
)


def pull_request_of(message: str) -> str:
    """Return ``#17`` or ``group/project!17`` as a commit's message names it; empty where it names none."""
    for form in _FORMS:
        found = form.search(message)
        if found is not None:
            return found["id"] if not found["id"].isdecimal() else f"#{found['id']}"
    return ""
