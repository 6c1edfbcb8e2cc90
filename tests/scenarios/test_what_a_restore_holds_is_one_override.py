"""What a restore puts back against Git is one override: shown as one, lifted as one or by parts, and unneeded once Git says it.

Covers: engine.authoring.override_files.
"""

from pathlib import Path

import pytest

from tests.support.accidents import (
    SERVICES,
    accident,
    applied,
    back_up,
    overrides,
    restored,
    services,
)
from tests.support.command_line import Fleet, envctl, installation, service
from tests.support.told import Told


@pytest.fixture
def backed_up(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return back_up(installed, tmp_path, monkeypatch)


@pytest.mark.tells("controller/views/override_text.py", "override list")
def test_what_a_restore_holds_is_one_override_of_which_git_takes_its_part(
    backed_up: Fleet, told: Told
) -> None:
    applied(backed_up, accident("search", "auth", "checkout"))

    ended = restored()

    (held,) = overrides()
    assert (held["ref"], held["parts"], held["untilGit"]) == ("", 3, True)
    assert held["id"] in ended.out
    listed = envctl("override", "list").out
    assert "3 services  as put back (3 parts)" in listed
    assert "3 services as put back (3 parts) until Git changes it" in envctl("plan").out
    each = told.types(listed, "override list", "--format", "json").json["overrides"]
    assert [part["ref"] for part in each] == ["Service/Auth", "Service/Checkout", "Service/Search"]
    applied(backed_up, {"search.yaml": service("Search", 40000, description="on purpose")})
    assert services()["Search"] == "on purpose"
    assert services()["Auth"] == "knows who"
    (left,) = overrides()
    assert (left["id"], left["parts"]) == (held["id"], 2)


@pytest.mark.slow
def test_one_release_lifts_all_that_a_restore_holds_and_one_of_an_object_its_part(
    backed_up: Fleet,
) -> None:
    applied(backed_up, accident("search", "auth", "checkout"))
    restored()
    (held,) = overrides()

    ended = envctl("override", "release", "Service/Auth", "--yes")
    assert ended.code == 0, ended.err
    applied(backed_up, {})
    assert services() == {
        "Search": "finds things",
        "Auth": "an accident",
        "Checkout": "takes money",
    }
    ended = envctl("override", "release", held["id"], "--yes")
    assert ended.code == 0, ended.err
    assert f"release {held['id']}: 2 services as put back (2 parts)" in ended.out
    applied(backed_up, {})

    assert set(services().values()) == {"an accident"}
    assert overrides() == []
    verified = envctl("audit", "verify", "--replay")
    assert verified.code == 0, verified.out


@pytest.mark.slow
def test_a_restore_that_is_begun_again_holds_what_it_held(backed_up: Fleet) -> None:
    applied(backed_up, accident("search", "auth", "checkout"))
    restored()
    (held,) = overrides()
    table = installation().master.client
    for name in ("Search", "Auth"):
        table.update_item(
            TableName=SERVICES,
            Key={"ServiceName": {"S": name}},
            UpdateExpression="SET #v.Description = :d",
            ExpressionAttributeNames={"#v": "Value"},
            ExpressionAttributeValues={":d": {"S": "by hand"}},
        )

    restored()

    assert services()["Search"] == "finds things"
    (again,) = overrides()
    assert again == held


@pytest.mark.slow
def test_committing_the_yaml_of_a_restore_ends_what_it_holds(
    backed_up: Fleet, tmp_path: Path
) -> None:
    applied(backed_up, {**accident("search"), "checkout.yaml": None})

    ended = restored("--yaml", tmp_path / "then")

    assert "envctl override yaml HELD" in ended.out
    written = {path.name: path.read_text() for path in (tmp_path / "then").rglob("*.yaml")}
    assert written.keys() == {"search.yaml", "Checkout.yaml"}
    backed_up.has({"search.yaml": written["search.yaml"], "new.yaml": written["Checkout.yaml"]})
    ended = envctl("apply", "--yes")
    assert ended.code == 0, ended.err
    assert overrides() == []
    assert services() == {
        "Search": "finds things",
        "Auth": "knows who",
        "Checkout": "takes money",
    }
    assert envctl("plan").code == 0


@pytest.mark.slow
def test_the_yaml_of_what_is_held_leaves_what_others_wrote_and_says_what_goes(
    backed_up: Fleet, tmp_path: Path
) -> None:
    together = "# services\n" + "---\n".join(
        [
            service("Search", 40000, description="an accident"),
            "# mine\n" + service("Auth", 40001, description="wanted"),
        ]
    )
    applied(
        backed_up,
        {
            "search.yaml": None,
            "auth.yaml": None,
            "all.yaml": together,
            "new.yaml": service("New", 40003),
        },
    )
    restored("--mode", "replace", "--kind", "Service", "--key", "Search", "--key", "New")
    (held,) = overrides()

    ended = envctl("override", "yaml", held["id"], "--out", tmp_path / "then")

    assert ended.code == 0, ended.err
    assert "to be removed from the source: new.yaml" in ended.out
    (written,) = (tmp_path / "then").rglob("*.yaml")
    text = written.read_text()
    assert text.startswith("# services\n")
    assert "# mine\n" + service("Auth", 40001, description="wanted") in text
    applied(backed_up, {"all.yaml": text, "new.yaml": None})
    assert overrides() == []
    assert services()["Search"] == "finds things"
    assert envctl("plan").code == 0
    again = envctl("override", "yaml", held["id"], "--out", tmp_path / "then")
    assert again.code == 64
    assert "there is no override" in again.err
