"""Of a file that is reverted, documents that go back do, and the others stay to the byte."""

from collections.abc import Callable

import pytest

from controller.loading.authoring.reverted_file import DocumentName, reverted_file


def document(name: str, text: str = "") -> bytes:
    return f"kind: Service\nmetadata: {{name: {name}}}  # {text}\n".encode()


def file(*documents: bytes) -> bytes:
    return b"---\n".join(documents)


def only(*names: str) -> Callable[[DocumentName], bool]:
    def goes_back(found: DocumentName) -> bool:
        return found.name in names

    return goes_back


A, B, C = document("a"), document("b"), document("c")
A2, B2 = document("a", "other"), document("b", "other")


@pytest.mark.parametrize(
    ("now", "reverted", "names", "wanted"),
    [
        pytest.param(file(A2, B2), file(A, B), "a", file(A, B2), id="one of two"),
        pytest.param(file(A2, B2), file(A, B), "b", file(A2, B), id="the other"),
        pytest.param(file(A2, B2), file(A, B), "ab", file(A, B), id="all"),
        pytest.param(file(A2, B2), file(A, B), "c", file(A2, B2), id="none"),
        pytest.param(file(A, C), file(B2), "b", file(A, C, B2), id="one comes back"),
        pytest.param(file(A, B), file(C), "a", b"---\n" + B, id="one goes"),
        pytest.param(file(A, B), None, "a", b"---\n" + B, id="one of a file that goes"),
        pytest.param(file(A, B), None, "ab", None, id="a file goes"),
        pytest.param(None, file(A, B), "b", b"---\n" + B, id="one of a file that comes back"),
        pytest.param(
            b"# all\n---\n" + A + b"---\n" + B,
            A2,
            "a",
            b"# all\n---\n" + A2 + b"---\n" + B,
            id="comments",
        ),
        pytest.param(b"# all\n---\n" + A, B, "a", None, id="comments alone are left"),
        pytest.param(b"# one\n", b"# two\n", "a", b"# one\n", id="nothing but comments"),
        pytest.param(file(A, A2), A, "a", file(A, A2), id="two of one name"),
        pytest.param(A2[:-1], A + b"---\n" + B, "b", file(A2, B), id="no line end"),
        pytest.param(b"text\n", b"other\n", "a", b"text\n", id="no YAML"),
        pytest.param(b"kind: [\n", b"- 1\n", "a", b"kind: [\n", id="no document"),
        pytest.param(b"metadata: a\n", b"metadata: b\n", "a", b"metadata: a\n", id="no name"),
        pytest.param(A + b"...\n" + B, A, "a", A + b"...\n" + B, id="two without a marker"),
        pytest.param(B + b"---\n" + A, B + b"---\n" + A2, "a", B + b"---\n" + A2, id="second"),
    ],
)
def test_documents_that_go_back_do(
    now: bytes | None, reverted: bytes | None, names: str, wanted: bytes | None
) -> None:
    assert reverted_file(now, reverted, only(*names)) == wanted


def test_what_is_no_document_is_asked_for_as_well() -> None:
    assert reverted_file(b"text", b"other", lambda found: found == DocumentName()) == b"other"


def test_comments_of_what_stays_stay() -> None:
    now = b"# of a\n" + A2 + b"---\n# of b\n" + B2

    assert reverted_file(now, file(A, B), only("a")) == A + b"---\n# of b\n" + B2
