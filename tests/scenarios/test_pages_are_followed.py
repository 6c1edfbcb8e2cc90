"""Each page of docs/how-to, followed command by command in the sandbox: each ends as the page says, and says what the page shows."""

import re
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.sandbox.seed import seed
from tests.support.embedded_aws import AwsForTests
from tests.support.followed_pages import ROOT, Shell, blocks_of, commands_of
from tests.support.page_stories import STORIES

PAGES = ROOT / "docs/how-to"
FLEET = ROOT / "examples/fleet"
ELSEWHERE = {
    "how-to/adopt-an-estate.md": "test_the_page_on_adopting_is_walked.py",
    "tutorial/first-hour.md": "test_the_first_hour_is_followed.py",
}
"""Pages that are followed by a test of their own."""
REASONS = {
    "needs CloudFormation": "aws (--profile .* )?cloudformation ",
    "needs a code host": r"git\+ssh://git@github.com/",
    "needs a package index": "(pip|pipx|uv) (download|install|tool)",
    "needs systemd": "/etc/systemd/",
    "needs the stack": "ENVCTL_SERVER=https://",
}
"""Why commands of a page are typed by no test, and what has to be in them then."""

PROGRAMS = ("curl", "openssl", "ssh-keygen")
"""What readers have beside envctl, Git, make and Python: a page that needs what a machine lacks is not followed there."""


@pytest.fixture
def shell(aws: AwsForTests, tmp_path: Path) -> Iterator[Shell]:
    """A terminal in an empty folder, with the sandbox of the examples."""
    seed(aws.address, fleet=FLEET)
    (tmp_path / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@acme.example\n")
    around = {
        **aws.environment,
        "HOME": str(tmp_path),
        "ROOT": str(ROOT),
        "ENVCTL_USER": "ada",
        "ENVCTL_CONFIG": str(tmp_path / "envctl.yaml"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    with Shell(tmp_path, around) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted(STORIES))
def test_what_is_typed_does_what_the_page_says(page: str, shell: Shell) -> None:
    story = STORIES[page]
    typed_in_all = (PAGES / page).read_text(encoding="utf-8") + story.before + str(story.first)
    lacks = [it for it in PROGRAMS if it in typed_in_all and shutil.which(it) is None]
    if lacks:
        pytest.skip(f"this machine has no {', '.join(lacks)}")
    port = str(_free_port())
    settings = story.settings.replace("/tmp/", f"{shell.folder}/").replace("PORT", port)
    (shell.folder / "envctl.yaml").write_text(settings, encoding="utf-8")
    _prepare(shell, story.before.replace("PORT", port))
    for command in commands_of(PAGES / page):
        for beginning, lines in story.first.items():
            if re.match(beginning, command.typed):
                _prepare(shell, lines)
        typed = command.typed
        for example, own in story.instead.items():
            typed = typed.replace(example, own.replace("PORT", port))
        shell.follow(replace(command, typed=typed))


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/how-to/*.md")) + sorted(ROOT.glob("docs/tutorial/*.md")), ids=lambda page: page.stem)  # fmt: skip
def test_every_page_is_followed(page: Path) -> None:
    name = str(page.relative_to(ROOT / "docs"))
    own = ELSEWHERE.get(name)
    assert (page.name in STORIES) != (own is not None)
    assert own is None or name in (Path(__file__).parent / own).read_text(encoding="utf-8")
    assert list(commands_of(page)), "no command of it is typed"

    left_out = [block for block in blocks_of(page) if block.reason]
    assert [block.text for block in left_out if not re.search(REASONS[block.reason], block.text)] == []  # fmt: skip
    # What is shown below nothing that is typed is compared with nothing.
    first = next(block for block in blocks_of(page) if block.is_commands or block.language == "text")  # fmt: skip
    assert first.is_commands


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _prepare(shell: Shell, lines: str) -> None:
    code, said = shell.type(f"set -e\n{lines}\nset +e")
    assert code == 0, said
