"""A signed file approves what it lists, of the one revision that it names."""

import pytest

from controller.planning.approvals import tokens_for

COMMIT = "9f1e0aa4c1d2e3f40516273849a0b1c2d3e4f506"
TOKEN = "approvalRequired@3f9c1a77d0e2b415"


def test_it_lists_approvals_below_the_revision() -> None:
    text = f"# four go\n\n  revision {COMMIT}\n{TOKEN}\r\n# and\nmaxDeletes@00\n"

    assert tokens_for(COMMIT, text) == (TOKEN, "maxDeletes@00")


@pytest.mark.parametrize(
    ("revision", "text"),
    [
        (COMMIT, ""),
        (COMMIT, TOKEN),
        (COMMIT, f"{TOKEN}\nrevision {COMMIT}"),
        (COMMIT, f"revision {COMMIT[:7]}\n{TOKEN}"),
        (COMMIT, f"revision {COMMIT} {COMMIT[::-1]}\n{TOKEN}"),
        (COMMIT[::-1], f"revision {COMMIT}\n{TOKEN}"),
        ("", f"revision \n{TOKEN}"),
    ],
)
def test_what_does_not_name_the_revision_in_full_approves_nothing(revision: str, text: str) -> None:
    assert tokens_for(revision, text) == ()
