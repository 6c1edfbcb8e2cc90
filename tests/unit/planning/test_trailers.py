import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.planning.approvals import approvals_in

SQUASHED = """Remove the old fleet (#12)

* Retire c07

Envctl-Approve: maxDeletes@3f9c1a

* Retire c08 as well

    Envctl-Approve: maxDeleteShare@aa00bb, maxInstancesEnded@1234abcd
- envctl-approve: maxDeletes@3f9c1a

Co-authored-by: Ada <ada@example.com>
"""


@pytest.mark.parametrize(
    ("message", "approved", "because"),
    [
        ("", (), "no message"),
        ("Retire c07", (), "no trailer"),
        ("x\n\nEnvctl-Approve: maxDeletes@3f9c1a\n", ("maxDeletes@3f9c1a",), "the ordinary form"),
        ("x\r\n\r\nEnvctl-Approve: a@3f9c1a\r\n", ("a@3f9c1a",), "line ends of another system"),
        ("Envctl-Approve: maxDeletes@3f9c1a", ("maxDeletes@3f9c1a",), "even as the subject"),
        (
            SQUASHED,
            ("maxDeletes@3f9c1a", "maxDeleteShare@aa00bb", "maxInstancesEnded@1234abcd"),
            "a squash-merge gathers messages, indented or as a list; each once",
        ),
        ("Envctl-Approve: maxDeletes", (), "an approval names what it approves"),
        ("Envctl-Approve: @3f9c1a", (), "and by which guard"),
        ("Envctl-Approve: maxDeletes@3F9C1A", (), "digests are printed in small letters"),
        (
            "Envctl-Approve: maxDeletes@3f9",
            ("maxDeletes@3f9",),
            "too short to mean one violation: to be told",
        ),
        ("Envctl-Approve:\nmaxDeletes@3f9c1a", (), "a line is one trailer"),
        ("see Envctl-Approve: maxDeletes@3f9c1a", (), "a mention in a sentence approves nothing"),
    ],
)
def test_what_a_message_approves(message: str, approved: tuple[str, ...], because: str) -> None:
    assert approvals_in(message) == approved, because


@given(st.text())
def test_any_text_is_a_message(message: str) -> None:
    assert all("@" in approval for approval in approvals_in(message))
