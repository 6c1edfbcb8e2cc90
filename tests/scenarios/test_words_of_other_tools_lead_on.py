"""Who types what another tool calls it is told a command, and that one does it; from nothing each command leads to the next."""

from pathlib import Path

import boto3
import pytest

from controller.engine.commit.interruption import Interruption
from tests.support.command_line import Ended, Fleet, envctl, use_settings
from tests.support.told import Told

pytestmark = pytest.mark.slow


@pytest.mark.tells("controller/cli/terminal/words_of_others.py", "--version")
@pytest.mark.tells("controller/cli/terminal/words_of_others.py", "apply --yes")
@pytest.mark.tells("controller/cli/terminal/words_of_others.py", "get")
@pytest.mark.tells("controller/cli/terminal/words_of_others.py", "plan")
@pytest.mark.tells("controller/cli/terminal/words_of_others.py", "status --settings")
@pytest.mark.tells("controller/cli/terminal/words_of_others.py", "status --watch")
@pytest.mark.tells("controller/cli/terminal/words_of_others.py", "validate")
def test_words_of_other_tools_lead_to_what_does_it(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")

    def led_on(typed: str, begins: str) -> Ended:
        refused = envctl(*typed.split())
        assert refused.code == 64, typed
        return told.types(refused.err, begins, filling={"WHAT": "services"})

    assert "envctl" in led_on("-V", "--version").out
    assert led_on("fmt", "validate").code == 0
    for typed in ("destroy", "apply --dry-run"):
        planned = led_on(typed, "plan")
        assert (planned.code, "Search" in planned.out) == (2, True), typed
    assert led_on("plan --auto-approve", "apply").code == 0
    assert "Search" in led_on("state list", "get").out
    assert "source.folder" in led_on("config view", "status --settings").out

    def once(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Interruption, "wait", once)
    for typed in ("plan --watch", "watch"):
        assert "config" in led_on(typed, "status --watch").out


@pytest.mark.tells("controller/sources/folder.py", "init")
@pytest.mark.tells("controller/cli/installation/init.py", "init")
@pytest.mark.tells("controller/cli/installation/init.py", "new")
@pytest.mark.tells("controller/cli/installation/init.py", "validate")
@pytest.mark.tells("controller/cli/new.py", "new")
@pytest.mark.tells("controller/engine/authoring/first_repository.py", "validate --config")
def test_from_an_empty_folder_each_leads_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    monkeypatch.chdir(tmp_path)
    given = (
        *("--account-number", "012345670123", "--email", "platform@acme.example"),
        *("--vpc", "vpc-0f1e2d3c", "--subnet-a", "subnet-0aaa", "--subnet-b", "subnet-0bbb"),
        *("--image", "web", "--schedule", "office-hours"),
    )
    empty = envctl("validate", ".")
    begun = told.types(empty.err, "init", *given)
    assert begun.code == 0
    monkeypatch.setenv("ENVCTL_CONFIG", str(tmp_path / "envctl.yaml"))
    assert told.types(begun.out, "validate").code == 0
    check = (tmp_path / ".github/workflows/envctl.yaml").read_text(encoding="utf-8")
    assert told.types(check, "--config").code == 0

    again = envctl("init", *given)
    assert again.code == 64
    elsewhere = {"FOLDER": tmp_path / "other", "KIND": "Service", "NAME": "Auth"}
    assert told.types(again.err, "new", filling=elsewhere).out.count("kind: Service") == 1
    assert told.types(again.err, "init", *given, filling=elsewhere).code == 0

    nameless = envctl("new", "Service")
    assert "name: Auth" in told.types(nameless.err, "new", filling=elsewhere).out


@pytest.mark.tells("controller/loading/authoring/notes.py", "apply --adopt --source")
def test_what_an_import_says_is_adopted_is_adopted_by_its_line(
    installed: Fleet, tmp_path: Path, told: Told
) -> None:
    installed.apply()
    table = boto3.resource("dynamodb", "eu-west-1").Table("InfraConfigServices")
    table.put_item(Item={"ServiceName": "Old", "OwningCluster": "Tango", "Value": {}})
    assert envctl("import", "--out", tmp_path / "imported", "--scope", "config").code == 0
    notes = (tmp_path / "imported/IMPORT-NOTES.md").read_text(encoding="utf-8")

    applied = told.types(notes, "apply", filling={"FOLDER": tmp_path / "imported"})

    assert applied.code == 0, applied.out + applied.err
    item = table.get_item(Key={"ServiceName": "Old"})["Item"]
    assert "Managed" in item
