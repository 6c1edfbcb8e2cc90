"""What a plan and a refusal tell to type is typed as it stands, in the same state, and does what it says."""

import re
import shlex
from pathlib import Path

import pytest

from controller.planning.observed_json import observed_schema
from controller.planning.plan_file import plan_schema
from controller.views.plan.markdown import LEAST_BUDGET
from tests.support.command_line import Ended, Fleet, envctl, installation, service, use_settings
from tests.support.fleet_yaml import EMPTY_MAP, account, environment, one_file
from tests.support.told import Told

pytestmark = pytest.mark.slow

PERMISSIONS = {
    f"p{number}.yaml": (
        f"apiVersion: envctl/v1\nkind: Permission\nmetadata: {{name: p{number}}}\n"
        "spec: {permissions: [{resource: '/config/*', access: PUT}]}\n"
    )
    for number in range(5)
}
ASKS = {"apply", "restore", "rollback"}


def typed(line: str) -> list[Ended]:
    """Run the commands of a line as a shell does: one behind ``&&`` only where the one before ended with 0. Nobody is asked."""
    ended: list[Ended] = []
    for command in line.split("   ", maxsplit=1)[0].split(" && "):
        program, *words = shlex.split(command)
        assert program == "envctl"
        ended.append(envctl(*words, *["--yes"] * (words[0] in ASKS)))
        if ended[-1].code:
            break
    return ended


def next_of(ended: Ended) -> str:
    """Return the last line of a plan: what to type next."""
    return ended.out.splitlines()[-1].removeprefix("Next: ")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.tells("controller/views/plan/wording.py", "apply")
@pytest.mark.parametrize("options", [[], ["--adopt"], ["--scope", "config"], ["--deep"]])
def test_the_last_line_of_a_plan_applies_it(
    installed: Fleet, options: list[str], told: Told
) -> None:
    planned = installed.plan(*options)

    assert planned.code == 2
    told.is_typed(next_of(planned), "apply")
    assert [one.code for one in typed(next_of(planned))] == [0, 0]
    assert installed.plan(*options).code == 0


def test_where_the_file_is_written_it_is_what_is_applied(installed: Fleet, tmp_path: Path) -> None:
    installed.has({"account.yaml": account()})

    planned = installed.plan("--deep", "--adopt", "--out", tmp_path / "of mine.json")

    assert next_of(planned).startswith("envctl apply ")
    # The account is reached by the second.
    assert [one.code for one in typed(next_of(planned))] == [0, 0]


def test_a_refusal_is_approved_by_its_line(installed: Fleet) -> None:
    installed.has(PERMISSIONS)
    installed.apply()
    installed.has(dict.fromkeys(PERMISSIONS) | {"auth.yaml": service("Auth", 40002)})

    for refused in (installed.plan("--scope", "config"), installed.apply("--scope", "config")):
        assert refused.code == 3
    (line,) = re.findall(r"^ *(envctl apply .*--approve .*)$", refused.out, re.MULTILINE)

    assert "--scope config" in line
    assert [one.code for one in typed(line)] == [0]
    assert installed.plan().code == 0


@pytest.mark.parametrize("command", ["restore latest --mode replace", "rollback"])
def test_what_puts_back_is_approved_by_the_command_itself(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    settings = (
        f"source: {{folder: {installed.folder}}}\nsnapshots: {{folder: {tmp_path / 'kept'}}}\n"
    )
    use_settings(tmp_path, monkeypatch, settings)
    installed.apply()
    envctl("snapshot", "create")
    installed.has(PERMISSIONS)
    transaction = envctl("apply", "--yes", "--format", "json").json["transaction"]
    which = [transaction] if command == "rollback" else []

    refused = envctl(*command.split(), *which, "--reason", "too soon", "--plan")

    assert refused.code == 3, refused.out + refused.err
    (line,) = re.findall(r"^ *(envctl .*--approve .*)$", refused.out, re.MULTILINE)
    assert "--reason 'too soon'" in line
    assert [one.code for one in typed(line)] == [0]
    rows = installation().master.store.scan("InfraConfigPermissions")
    assert [row for row in rows if row.get("Deleted") != "true"] == []


def test_a_plan_file_that_takes_over_says_how_it_is_applied(installed: Fleet) -> None:
    installed.plan("--adopt", "--out", "plan.json")

    unasked = installed.apply("plan.json")

    (line,) = re.findall(r"fix: (envctl .*)$", unasked.err, re.MULTILINE)
    assert [one.code for one in typed(line)] == [0]


@pytest.mark.tells("controller/aws/errors.py", "bootstrap")
def test_where_tables_lack_they_are_made(moto: None, fleet: Fleet, told: Told) -> None:
    lacking = fleet.plan()
    assert lacking.code == 5

    assert told.types(lacking.err).code == 0
    assert fleet.plan().code == 2


@pytest.mark.tells("controller/cli/apply.py", "plan --out")
def test_a_plan_file_that_is_not_there_is_made_and_applied(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    lacking = installed.apply("of mine.json")

    assert told.types(lacking.err, "plan --out").code == 2
    assert installed.apply("of mine.json").code == 0

    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    assert told.types(envctl("apply", "plan.json", "--yes").err, "plan --out").code == 0
    assert envctl("apply", "plan.json", "--yes").code == 0


@pytest.mark.tells("controller/planning/plan_file.py", "plan --format --out")
def test_a_file_that_is_no_plan_is_made_anew(installed: Fleet, told: Told) -> None:
    Path("plan.json").write_text("{", encoding="utf-8")
    refused = installed.apply("plan.json").err

    planned = told.types(
        refused, "plan", "--source", installed.folder, filling={"FILE": "plan.json"}
    )
    assert planned.code == 2
    assert installed.apply("plan.json").code == 0


@pytest.mark.tells("controller/views/outcomes.py", "audit show")
@pytest.mark.tells("controller/views/override_report.py", "override release")
def test_what_an_apply_made_is_shown_and_an_override_released(installed: Fleet, told: Told) -> None:
    applied = installed.apply()
    assert "created" in told.types(applied.out, "audit show").out

    made = envctl("override", "Search", "description=x", "--until", "+1h", "--reason", "r", "--yes")
    assert told.types(made.out, "override release").code == 0
    assert envctl("override", "list").out == "no overrides\n"


@pytest.mark.tells("controller/engine/snapshots/selection.py", "snapshot show")
@pytest.mark.tells("controller/views/snapshots.py", "snapshot create")
@pytest.mark.tells("controller/views/status_text.py", "audit verify")
@pytest.mark.tells("controller/views/status_text.py", "snapshot list")
def test_what_status_and_lists_lead_to_is_there(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    folder = tmp_path / "kept"
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\nsnapshots: {{folder: {folder}}}\n")  # fmt: skip
    envctl("apply", "--yes")

    shown = envctl("status").out
    assert told.types(shown, "audit verify").code == 0
    assert "takes one" in envctl("snapshot", "list").out
    assert told.types(envctl("snapshot", "list").out, "snapshot create").code == 0
    assert "verified" in told.types(envctl("status").out, "snapshot list").out

    nobody = envctl("restore", "latest", "--key", "Nobody", "--plan")
    assert "Service" in told.types(nobody.err, "snapshot show").out


@pytest.mark.tells("controller/views/put_back.py", "override yaml --out")
def test_what_is_put_back_is_written_for_git(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    installed.apply()
    installed.has({"search.yaml": service("Search", 40000, description="otherwise")})
    transaction = installed.apply("--format", "json").json["transaction"]

    back = envctl("rollback", transaction, "--yes")

    to = {"FOLDER": tmp_path / "put-back", "DIR": tmp_path / "put-back"}
    assert told.types(back.out + back.err, "override yaml", filling=to).code == 0
    assert "otherwise" not in (tmp_path / "put-back/search.yaml").read_text(encoding="utf-8")


@pytest.mark.tells("controller/planning/observed_json.py", "plan --observed")
@pytest.mark.tells("controller/planning/observed_json.py", "plan --save-observed")
@pytest.mark.tells("controller/planning/plan_file.py", "apply")
@pytest.mark.tells("controller/planning/plan_file.py", "plan")
@pytest.mark.tells("controller/planning/plan_file.py", "plan --format")
def test_documents_are_written_and_read_as_their_schemas_say(installed: Fleet, told: Told) -> None:
    source, seen = ("--source", installed.folder), {"FILE": "seen.json"}
    Path("seen.json").write_text("{}", encoding="utf-8")
    none = installed.plan("--observed", "seen.json")
    assert told.types(none.err, "plan --save-observed", *source, filling=seen).code == 2
    said = observed_schema()["description"]
    assert told.types(said, "plan --observed", *source, filling=seen).code == 2

    schema = plan_schema()
    shown = told.types(schema["title"], "plan", *source, "--format", "json").json
    written = told.types(schema["description"], "plan --format json", *source)
    assert written.json["digest"] == shown["digest"]
    Path("plan.json").write_text(written.out, encoding="utf-8")
    assert told.types(schema["description"], "apply", "plan.json", *source).code == 0


@pytest.mark.tells("controller/cli/override.py", "override --reason --until")
def test_the_help_of_overrides_makes_one(installed: Fleet, told: Told) -> None:
    installed.has({"estate.yaml": one_file(account(), EMPTY_MAP, environment("c50"))})
    assert installed.apply("--scope", "config").code == 0
    text, _, _ = envctl("override", "--help").out.partition("Options:")

    made = told.types(" ".join(text.split()), "override c50")

    assert made.out.startswith("c50 on until ")
    assert "c50" in envctl("override", "list").out


@pytest.mark.tells("controller/cli/terminal/words_of_others.py", "apply --yes")
@pytest.mark.tells("controller/cli/terminal/words_of_others.py", "plan")
def test_the_words_of_others_become_ours_and_keep_what_was_asked(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    given = ("--source", installed.folder, "--scope", "config")
    asked = envctl("apply", "--dry-run", "--yes", *given)
    assert told.types(asked.err).out == installed.plan("--scope", "config").out
    assert told.types(envctl("plan", *given, "--auto-approve").err).code == 0
    assert installed.plan("--scope", "config").code == 0

    installed.has({"auth.yaml": service("Auth", 40001)})
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    assert told.types(envctl("apply", "--dry-run").err, "plan").code == 2
    assert told.types(envctl("plan", "--auto-approve").err, "apply --yes").code == 0


def test_a_refusal_keeps_the_settings_it_was_given(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    use_settings(tmp_path, monkeypatch, f"snapshots: {{folder: {tmp_path / 'kept'}}}\n")
    given = Path(tmp_path / "envctl.yaml").rename(tmp_path / "of mine.yaml")
    monkeypatch.delenv("ENVCTL_CONFIG")
    none = envctl("--config", given, "restore", "latest", "--plan")
    assert envctl("snapshot", "create").code == 64

    assert told.types(none.err, f"--config {given} snapshot create").code == 0
    source = ("--source", installed.folder)
    applied = envctl("--config", given, "apply", *source, "--yes")
    assert "created" in told.types(applied.out, f"--config {given} audit show").out
    words = ("override", "Search", "description=x", "--until", "+1h", "--reason", "r", "--yes")
    made = envctl("--config", given, *words)
    assert told.types(made.out, f"--config {given} override release", "--yes").code == 0
    (tmp_path / "kept").rename(tmp_path / "elsewhere")
    lacks = envctl("--config", given, "doctor").out
    assert told.types(lacks, f"--config {given} snapshot nightly").code == 0
    for options in ("--dry-run", "--dryrun"):
        assert f"--config '{given}' " in envctl("--config", given, "apply", options).err
    assert f"--config '{given}' " in envctl("--config", given, "apply", "x.json", "-o", "json").out
    installed.has({"account.yaml": account()})
    planned = envctl("--config", given, "plan", *source)
    then = f"fix: the run after the one that applies it goes in: envctl --config '{given}' apply"
    assert then in planned.out
    assert (
        then in envctl("--config", given, "plan", *source, "-o", "json").json["scopes"][1]["reason"]
    )


@pytest.mark.tells("controller/views/plan/markdown.py", "plan --expand")
def test_what_a_comment_has_no_room_for_is_expanded(installed: Fleet, told: Told) -> None:
    # Each a folder of its own: edits that are alike would be one.
    installed.has({f"{n}/s.yaml": service(f"S{n}", description=f"{n}") for n in range(40)})

    cut = installed.plan("--format", "markdown", "--budget", LEAST_BUDGET)

    whole = told.types(cut.out, "plan --expand", "--source", installed.folder)
    assert (whole.code, "Service S39" in whole.out) == (2, True)
