import os
import stat
from pathlib import Path

import pytest

from controller.engine.authoring.write_files import append_to, write_file, write_folder
from controller.errors import WrongUsage


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")
    write_file(Path("/dev/null"), b"nothing")

    assert (tmp_path / "a").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    with pytest.raises(WrongUsage, match="cannot be written"):
        write_file(tmp_path / "no" / "folder", b"")


def test_a_write_that_fails_leaves_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(WrongUsage, match="Operation not permitted"):
        write_file(tmp_path / "a", b"one")
    assert list(tmp_path.iterdir()) == []


def test_the_mode_of_a_file_made_before_is_not_kept(tmp_path: Path) -> None:
    """Somebody else made the file, open to all, before the command wrote secrets into it."""
    made_before = tmp_path / "observed.json"
    made_before.touch()
    made_before.chmod(0o666)

    with made_before.open("rb") as somebody:
        write_file(made_before, b"secret", private=True)
        assert somebody.read() == b""
    assert mode_of(made_before) == 0o600


def test_files_and_links_under_names_that_can_be_guessed_are_left_alone(tmp_path: Path) -> None:
    """Somebody else laid links under every name made of the file's and a process number."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"as it was")
    for number in (os.getpid(), os.getppid()):
        (tmp_path / f".plan.json.{number}").symlink_to(victim)
    (tmp_path / "plan.json").symlink_to(victim)

    write_file(tmp_path / "plan.json", b"a plan", private=True)

    assert victim.read_bytes() == b"as it was"
    assert not (tmp_path / "plan.json").is_symlink()
    assert (tmp_path / "plan.json").read_bytes() == b"a plan"


def test_a_name_that_was_guessed_all_the_same_is_not_written_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "guessed")
    victim = tmp_path / "victim"
    victim.write_bytes(b"as it was")
    (tmp_path / ".envctl-guessed").symlink_to(victim)

    with pytest.raises(WrongUsage, match="File exists"):
        write_file(tmp_path / "plan.json", b"a plan")
    assert victim.read_bytes() == b"as it was"


def test_a_folder_holds_what_only_its_user_may_read(tmp_path: Path) -> None:
    write_folder(tmp_path / "fleet", {"a/b.yaml": b"kind: X"}, force=False)
    assert mode_of(tmp_path / "fleet" / "a" / "b.yaml") == 0o600


def test_a_folder_is_not_left_through_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    (fleet / "a").symlink_to(elsewhere)

    with pytest.raises(WrongUsage, match="leads out of"):
        write_folder(fleet, {"a/b.yaml": b"kind: X"}, force=True)
    assert list(elsewhere.iterdir()) == []


def test_a_pipe_of_this_user_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, b"through it", private=True)
        assert os.read(reader, 100) == b"through it"
    finally:
        os.close(reader)


def test_a_pipe_of_another_user_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        os.chown(pipe, 12345, -1) if os.geteuid() == 0 else monkeypatch.setattr(
            os, "geteuid", lambda: -1
        )
        with pytest.raises(WrongUsage, match="a pipe of another user"):
            write_file(pipe, b"secret", private=True)
        assert os.read(reader, 100) == b""
    finally:
        os.close(reader)


def test_what_is_appended_to_is_this_users_alone_and_no_link(tmp_path: Path) -> None:
    events, victim = tmp_path / "events.jsonl", tmp_path / "victim"
    for _ in range(2):
        with append_to(events) as out:
            out.write("line\n")
    assert (events.read_text(), mode_of(events)) == ("line\nline\n", 0o600)
    with append_to(Path("/dev/null")) as out:
        out.write("nothing")

    victim.write_bytes(b"as it was")
    (tmp_path / "link").symlink_to(victim)
    (tmp_path / "new").symlink_to(tmp_path / "not-there")
    for name in ("link", "new"):
        with pytest.raises(OSError, match="symbolic links"):
            append_to(tmp_path / name)
    assert victim.read_bytes() == b"as it was"


def test_a_file_of_another_user_is_not_appended_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_before = tmp_path / "events.jsonl"
    made_before.touch()
    if os.geteuid() == 0:
        os.chown(made_before, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: -1)
    with pytest.raises(PermissionError, match="another user"):
        append_to(made_before)
