"""The action and the pipelines run only what was reviewed, and give a fork nothing it could take away."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command_line import envctl

ROOT = Path(__file__).resolve().parents[3]
ACTION = ROOT / "action.yml"
OPEN = ROOT / "pull_requests/open/action.yml"
GITHUB = ROOT / "examples/pull-requests/github.yaml"
GITLAB = ROOT / "examples/pull-requests/gitlab.yaml"


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def steps() -> Iterator[dict[str, Any]]:
    for action in (ACTION, OPEN):
        yield from loaded(action)["runs"]["steps"]
    for job in loaded(GITHUB)["jobs"].values():
        yield from job["steps"]


def test_actions_of_others_are_named_by_their_commit() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]

    assert len(used) == 16
    for name in used:
        assert re.fullmatch(r"[\w-]+/[\w/-]+@([0-9a-f]{40}|COMMIT)", name), name


def test_nothing_of_a_pull_request_is_part_of_a_command() -> None:
    commands = [step["run"] for step in steps() if "run" in step]

    assert commands
    assert not any("${{" in command for command in commands)


def test_python_is_started_in_the_folder_of_the_action() -> None:
    for action in (ACTION, OPEN):
        for step in loaded(action)["runs"]["steps"]:
            if "python" in step.get("run", ""):
                assert step["working-directory"].startswith("${{ github.action_path }}")
    top = OPEN.parent / loaded(OPEN)["runs"]["steps"][0]["working-directory"].partition("/")[2]
    assert (top / "pull_requests/open_requests.py").is_file()


def test_a_workflow_gives_the_action_what_it_takes_and_a_fork_nothing() -> None:
    workflow, inputs = loaded(GITHUB), loaded(ACTION)["inputs"]
    own, fork = workflow["jobs"]["plan"], workflow["jobs"]["fork"]

    assert workflow["permissions"] == {}
    assert fork["permissions"] == {"contents": "read"}
    assert "token" not in fork["steps"][-1]["with"]
    assert "observed" not in fork["steps"][-1]["with"]
    assert not any("aws" in step["uses"] for step in fork["steps"])
    for job in (own, fork):
        given = job["steps"][-1]["with"]
        assert given.keys() <= inputs.keys()
        assert given["settings"].startswith("protected/")
        for step in job["steps"][:2]:
            assert step["with"]["persist-credentials"] is False


def test_what_is_open_is_planned_again_from_the_protected_branch_and_only_read() -> None:
    workflow = loaded(GITHUB)
    # YAML 1.1 reads the name of the triggers as true.
    triggers = next(value for name, value in workflow.items() if name in ("on", True))
    listing, again = workflow["jobs"]["open"], workflow["jobs"]["again"]
    change, protected, *_, plan = again["steps"]

    assert {"push", "schedule"} <= triggers.keys()
    assert listing["permissions"] == {"pull-requests": "read"}
    assert again["strategy"]["fail-fast"] is False
    assert change["with"]["ref"] == "refs/pull/${{ matrix.request.number }}/merge"
    assert "ref" not in protected["with"], "what started it is the protected branch"
    assert all(step["with"]["persist-credentials"] is False for step in (change, protected))
    assert not any("run" in step for step in again["steps"])
    assert plan["with"].keys() <= loaded(ACTION)["inputs"].keys()
    assert {"pull-request", "commit", "author"} <= plan["with"].keys()
    assert plan["with"]["settings"].startswith("protected/")


def test_the_plan_before_is_fetched_where_the_token_may_read_it_and_given_to_the_plan() -> None:
    by_name = {step["name"]: step for step in loaded(ACTION)["runs"]["steps"]}
    jobs = loaded(GITHUB)["jobs"]
    gitlab = loaded(GITLAB)["plan"]

    assert '--to "$RUNNER_TEMP/plan-since.json"' in by_name["The plan before"]["run"]
    assert by_name["Plan"]["env"]["PLAN_SINCE"] == "${{ runner.temp }}/plan-since.json"
    assert [*by_name].index("The plan before") < [*by_name].index("Plan")
    assert all(jobs[name]["permissions"]["actions"] == "read" for name in ("plan", "again"))
    assert any('--to "$PLAN_SINCE"' in line for line in gitlab["script"])
    assert gitlab["variables"]["PLAN_SINCE"]


@pytest.mark.parametrize(
    ("ours", "compared"), [(True, "s3://acme-envctl-looks/observed"), (False, "protected/fleet")]
)
def test_gitlab_plans_a_fork_without_a_role(ours: bool, compared: str) -> None:
    (branch,) = [line for line in loaded(GITLAB)["plan"]["script"] if "AWS_ROLE_ARN" in line]
    project = {
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1" if ours else "2",
    }
    told = "\necho $PLAN_OBSERVED$PLAN_BASE ${AWS_ROLE_ARN:-none}"
    script = branch.replace("/tmp/aws-token", "/dev/null") + told

    ended = subprocess.run(
        ["bash", "-ec", script],
        env={**project, "AWS_TOKEN": "t", "AWS_ROLE_ARN": "role", "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    )

    place, role = ended.stdout.split()
    assert place.endswith(compared)
    assert role == ("role" if ours else "none")


def test_the_hook_of_a_commit_validates_the_folder_it_is_given(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (tmp_path / "a.yaml").write_text("apiVersion: envctl/v1\nkind: Cluser\n")
    program, *arguments = hook["entry"].split()

    ended = envctl(*arguments, tmp_path)

    assert program == "envctl"
    assert hook["pass_filenames"] is False
    assert re.search(hook["files"], "fleet/a.yaml")
    assert ended.code == 1
    assert "did you mean 'Cluster'?" in ended.err
