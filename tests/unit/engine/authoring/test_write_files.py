from pathlib import Path

import pytest

from controller.engine.authoring.write_files import write_file
from controller.errors import WrongUsage


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")
    write_file(Path("/dev/null"), b"nothing")

    assert (tmp_path / "a").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    with pytest.raises(WrongUsage, match="cannot be written"):
        write_file(tmp_path / "no" / "folder", b"")
