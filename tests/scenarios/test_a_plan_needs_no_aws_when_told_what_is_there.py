"""A build server without any AWS rights plans from a file, or against another state of the source.

Covers: engine.config.observe, engine.reconcile.judged.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from controller.aws.clients import Clients
from controller.aws.errors import Place
from tests.support.buckets import Bucket
from tests.support.command_line import Fleet, envctl, service, use_settings
from tests.support.documents import checked


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")


def test_from_a_file_it_is_the_same_plan(
    installed: Fleet, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    installed.apply()
    installed.has({"search.yaml": service("Search", 40000, description="finds")})
    seen = tmp_path / "seen.json"
    with_aws = installed.plan("--save-observed", seen)
    request.getfixturevalue("no_aws")

    without = installed.plan("--observed", seen)

    assert (without.code, without.out) == (with_aws.code, with_aws.out)
    assert "description  (absent) → finds" in without.out
    assert seen.stat().st_mode & 0o077 == 0, "it holds what is shown nowhere"


def test_against_another_source_instead_of_the_tables(
    no_aws: None, fleet: Fleet, tmp_path: Path
) -> None:
    after = Fleet(tmp_path / "after").has({"search.yaml": service("Search", 40000, tags=[])})
    after.has({"auth.yaml": service("Auth", 40002)})

    planned = after.plan("--base", fleet.folder)
    nothing = fleet.plan("--base", fleet.folder)

    assert planned.code == 2
    assert "+ Service Auth" in planned.out
    assert nothing.code == 0
    assert "Nothing to do." in nothing.out


@pytest.mark.parametrize("shown", ["text", "markdown", "html"])
def test_in_every_form(no_aws: None, fleet: Fleet, tmp_path: Path, shown: str) -> None:
    empty = Fleet(tmp_path / "empty").has({})
    (tmp_path / "empty" / "teams.yaml").write_text(service("Else", owningCluster="Tango"))
    (tmp_path / "empty" / "teams2.yaml").write_text((fleet.folder / "teams.yaml").read_text())

    planned = fleet.plan("--base", empty.folder, "--format", shown)

    assert planned.code == 2
    assert "Search" in planned.out


def test_one_run_gives_a_pipeline_comment_page_and_plan_file(
    no_aws: None, fleet: Fleet, tmp_path: Path
) -> None:
    after = Fleet(tmp_path / "after").has({"search.yaml": service("Search", 40000, tags=[])})
    files = [tmp_path / f"plan.{suffix}" for suffix in ("md", "html", "json", "txt")]
    reports = [part for path in files for part in ("--report", path)]
    places = ("--files-at", "https://code.example/f/blob/1", "--whole-at", "https://code.example/2")

    planned = after.plan("--base", fleet.folder, "--format", "markdown", *reports, *places)

    assert planned.code == 2
    comment, page, document, text = (path.read_text() for path in files)
    assert planned.out == comment
    assert 'href="https://code.example/f/blob/1/search.yaml#L4"' in comment
    assert page.startswith("<!doctype html>")
    assert json.loads(document)["scopes"]
    assert text.startswith("Plan ")


OWNERS = """
review:
  owners:
    - {kinds: [Service], environments: [], approvers: ["@acme/search"], authors: [ada]}
"""


@pytest.mark.parametrize(("author", "code"), [("ada", 2), ("eve", 3)])
def test_a_plan_says_who_must_agree_and_refuses_who_may_not_write(
    no_aws: None,
    fleet: Fleet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    author: str,
    code: int,
) -> None:
    use_settings(tmp_path, monkeypatch, OWNERS)
    after = Fleet(tmp_path / "after").has({"search.yaml": service("Search", 40000, tags=[])})

    planned = after.plan(
        "--base", fleet.folder, "--author", author, "--report", tmp_path / "p.json"
    )

    assert planned.code == code
    agreed = "@acme/search: kind Service (1 change)"
    assert f"Must agree\n  {agreed if code == 2 else 'eve may not: kind Service'}" in planned.out
    assert checked(json.loads((tmp_path / "p.json").read_text()))["review"]["author"] == author


def test_settings_of_the_checkout_that_is_judged_are_refused(
    no_aws: None, fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fleet.folder / ".git").mkdir()
    use_settings(fleet.folder, monkeypatch, OWNERS)

    refused = fleet.plan("--base", fleet.folder, "--author", "ada")

    assert refused.code == 64
    assert "its author would set limits and owners themselves" in refused.err
    assert "git show origin/main" in refused.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--budget", "100"], "no report fits"),
        (["--files-at", "javascript:alert(1)"], "is no address"),
        (["--whole-at", "https://x.example/a> b"], "is no address"),
        (["--report", "plan.pdf"], "what form it has is not known"),
    ],
)
def test_what_a_report_cannot_be_is_refused_before_anything_is_read(
    options: list[str], said: str
) -> None:
    refused = envctl("plan", "--source", "nowhere", *options)

    assert refused.code == 64
    assert said in refused.err


def test_a_file_that_is_none_is_refused(no_aws: None, fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "seen.json").write_text("{}")

    refused = fleet.plan("--observed", tmp_path / "seen.json")

    assert refused.code == 64
    assert "no observed state" in refused.err


def test_there_is_no_such_scope(no_aws: None, fleet: Fleet, tmp_path: Path) -> None:
    refused = fleet.plan("--base", fleet.folder, "--scope", "moon")

    assert refused.code == 64
    assert "there is no scope 'moon'" in refused.err
    assert (
        envctl("plan", "--source", fleet.folder, "--base", fleet.folder, "--scope", "config").code
        == 0
    )


def test_from_published_looks_with_the_right_to_read_them(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket.made(Clients().client(Place("", "eu-west-1"), "s3"))
    use_settings(tmp_path, monkeypatch, f"observed: {{bucket: {bucket.name}}}\n")
    installed.apply()
    installed.has({"search.yaml": service("Search", 40000, description="finds")})
    with_aws = installed.plan()
    asked: list[str] = []
    call: Any = vars(BaseClient)["_make_api_call"]

    def noting(self: BaseClient, operation_name: str, api_params: Any) -> Any:
        asked.append(operation_name)
        return call(self, operation_name, api_params)

    monkeypatch.setattr(BaseClient, "_make_api_call", noting)

    without = installed.plan("--observed", f"s3://{bucket.name}/observed")

    assert (without.code, without.out) == (with_aws.code, with_aws.out)
    assert "config: as seen" in without.err
    assert asked == ["GetObject"]
