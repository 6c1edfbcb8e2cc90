"""No text leaves the process but through the few places that take secrets out of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, package_files, tree

PRINTS = {"controller/cli/process.py": "the two functions that print"}
SANDBOX = Path("controller/sandbox")
"""Another program, whose secrets are its own."""
WRITES = {
    "controller/cli/invocation.py": "opens the file of events, which are redacted as lines",
    "controller/cli/main.py": "reports of bugs",
    "controller/cli/tour/demo.py": "settings of the tour",
    "controller/engine/authoring/write_files.py": "what writes files",
    "controller/engine/snapshots/copies.py": "snapshots: items as the tables hold them",
    "controller/events.py": "lines of events",
    "controller/snapshots/bucket.py": "snapshots: items as the tables hold them",
    "controller/snapshots/folder.py": "snapshots: items as the tables hold them",
    "controller/snapshots/replaceable.py": "looks, which engine/state/published.py has redacted",
    "controller/snapshots/write.py": "snapshots: items as the tables hold them",
    "controller/sources/git_history.py": "questions to Git's own process",
    "controller/sources/git_objects.py": "questions to Git's own process",
    "controller/sources/ssh_signature.py": "signatures and public keys, for ssh-keygen to read",
    "controller/sources/git_repository.py": "questions to Git's own process, and the lock beside its cache",
}
"""Where files and streams are written, and what."""
REDACTS = (
    "controller/api/answers.py",
    "controller/api/problems.py",
    "controller/api/put_back/items.py",
    "controller/api/put_back/operation_jobs.py",
    "controller/aws/errors.py",
    "controller/aws/secrets.py",
    "controller/aws/sns.py",
    "controller/aws/sqs_queue.py",
    "controller/cli/main.py",
    "controller/cli/process.py",
    "controller/daemon/log.py",
    "controller/daemon/memory_queue.py",
    "controller/daemon/webhook.py",
    "controller/engine/authoring/write_files.py",
    "controller/engine/live/journal.py",
    "controller/engine/notifications/alert_text.py",
    "controller/engine/state/job_rows.py",
    "controller/engine/state/notification_rows.py",
    "controller/engine/state/published.py",
    "controller/engine/state/rows.py",
    "controller/events.py",
    "controller/ledger/records.py",
    "controller/sources/location.py",
)
"""The places that must know the redactor."""
STREAMS = frozenset({"stdout", "stderr"})
WRITERS = frozenset({"write_text", "write_bytes", "NamedTemporaryFile", "mkstemp"})
OPENERS = frozenset({"open", "fdopen"})


def ours() -> list[Path]:
    return [path for path in package_files() if SANDBOX not in path.parents]


def prints(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        match node:
            case ast.Call(func=ast.Name(id="print" | "pprint")):
                yield f"{path}:{node.lineno}: print"
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="typer" | "click"), attr="echo" | "secho")
            ):
                yield f"{path}:{node.lineno}: echo"
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="sys"), attr=stream),
                    attr="write" | "writelines",
                )
            ) if stream in STREAMS:
                yield f"{path}:{node.lineno}: sys.{stream}"
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="sys"), attr=stream), attr="buffer"
            ) if stream in STREAMS:
                yield f"{path}:{node.lineno}: sys.{stream}.buffer"


def writes(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
        flags = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
        to_write = any(
            isinstance(text, str) and set("wax+") & set(text) and len(text) <= 3 for text in texts
        )
        if name in WRITERS or (name in OPENERS and (to_write or {"O_CREAT", "O_WRONLY"} & flags)):
            yield f"{path}:{node.lineno}: {name}"
        called = isinstance(node.func, ast.Attribute) and name == "write"
        if called and len(node.args) == 1 and _is_text(node.args[0]):
            yield f"{path}:{node.lineno}: write"


def _is_text(node: ast.expr) -> bool:
    """Tell whether what is written is no write to a table, which is a value of its own class."""
    made = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    return not made.endswith("Write") and not (
        isinstance(node, ast.Name) and node.id in {"write", "item"}
    )


@pytest.mark.parametrize("path", [path for path in ours() if str(path) not in PRINTS], ids=str)
def test_only_the_process_prints(path: Path) -> None:
    assert not list(prints(path)), (
        "use say, note, print_as_is or note_as_is of controller/cli/process.py"
    )


def test_files_are_written_in_known_places_alone() -> None:
    found = [where for path in ours() if str(path) not in WRITES for where in writes(path)]
    found = [where for where in found if not where.startswith(tuple(PRINTS))]
    assert not found, "use write_file of controller/engine/authoring/write_files.py"


@pytest.mark.parametrize("name", REDACTS)
def test_whoever_lets_texts_out_knows_the_redactor(name: str) -> None:
    assert "REDACTOR." in (ROOT / name).read_text()
