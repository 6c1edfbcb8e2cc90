"""A rollback is a plan from the ledger: guarded, recorded, held against Git until Git changes its mind.

Covers: engine.rollback.chosen, engine.rollback.undo, engine.rollback.service.
"""

from pathlib import Path
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.rollback import chosen
from tests.support.command_line import Ended, Fleet, envctl, installation, service, use_settings
from tests.support.fleet_yaml import EMPTY_MAP, account, environment, one_file
from tests.support.told import Told

SERVICES = "InfraConfigServices"
FILES = {
    "search.yaml": service("Search", 40000, description="finds things"),
    "auth.yaml": service("Auth", 40001, description="knows who"),
    "checkout.yaml": service("Checkout", 40002, description="takes money"),
}


@pytest.fixture
def estate(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Three services, applied from the settings' own source."""
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    installed.has(FILES)
    ended = envctl("apply", "--yes")
    assert ended.code == 0, ended.err
    return installed


def applied(fleet: Fleet, files: dict[str, str | None]) -> str:
    """Apply files; return the transaction."""
    fleet.has(files)
    ended = envctl("apply", "--yes", "--format", "json")
    assert ended.code == 0, ended.err + ended.out
    return str(ended.json["transaction"])


def rolled_back(*options: object, code: int = 0) -> Ended:
    ended = envctl("rollback", "--yes", *options)
    assert ended.code == code, ended.err + ended.out
    return ended


def items() -> dict[str, Any]:
    return {item["ServiceName"]: item for item in installation().master.store.scan(SERVICES)}


def descriptions() -> dict[str, Any]:
    return {
        name: item["Value"].get("Description")
        for name, item in items().items()
        if item.get("Deleted") != "true"
    }


def overrides() -> list[dict[str, Any]]:
    return list(envctl("override", "list", "--format", "json").json["overrides"])


def edited_past_envctl(name: str, description: str) -> None:
    installation().master.client.update_item(
        TableName=SERVICES,
        Key={"ServiceName": {"S": name}},
        UpdateExpression="SET #v.Description = :d",
        ExpressionAttributeNames={"#v": "Value"},
        ExpressionAttributeValues={":d": {"S": description}},
    )


def newest_record(name: str) -> dict[str, Any]:
    listed = envctl("audit", "list", "--entity", f"Service/{name}", "--format", "json").json
    return dict(listed["records"][0])


ACCIDENT: dict[str, str | None] = {
    "search.yaml": service("Search", 40000, description="an accident"),
    "auth.yaml": service("Auth", 40001, description="another"),
}


def test_a_transaction_is_put_back_and_stays_put_back(estate: Fleet) -> None:
    transaction = applied(estate, ACCIDENT)
    planned = envctl("rollback", transaction, "--plan")
    assert (planned.code, descriptions()["Search"]) == (2, "an accident")
    assert "an accident → finds things" in planned.out

    ended = rolled_back(transaction)

    assert descriptions() == {
        "Search": "finds things",
        "Auth": "knows who",
        "Checkout": "takes money",
    }
    assert "held until Git changes their documents" in ended.out
    again = envctl("plan")
    assert again.code == 0, again.out
    assert envctl("audit", "verify", "--replay").code == 0


@pytest.mark.slow
def test_it_refers_to_what_it_undoes(estate: Fleet) -> None:
    transaction = applied(estate, ACCIDENT)

    rolled_back(transaction)

    newest = newest_record("Search")
    shown = envctl("audit", "show", newest["auditId"]).out
    assert newest["cause"] == "rolledBack"
    assert newest["appliedBy"] == "ada"
    assert f"ledger:{transaction}" in shown


def test_what_is_held_is_shown_in_plan_status_and_explain(estate: Fleet) -> None:
    transaction = applied(estate, ACCIDENT)
    rolled_back(transaction, "--reason", "the accident of tonight")

    (held,) = overrides()
    each = envctl("override", "list", held["id"], "--format", "json").json["overrides"]
    assert {(made["ref"], made["path"], made["untilGit"]) for made in each} == {
        ("Service/Search", "description", True),
        ("Service/Auth", "description", True),
    }
    for command in (("status",), ("explain", "Service/Search"), ("override", "list")):
        assert "the accident of tonight" in envctl(*command).out, command


def test_git_changing_the_document_ends_what_is_held(estate: Fleet) -> None:
    rolled_back(applied(estate, ACCIDENT))

    applied(estate, {"search.yaml": service("Search", 40000, description="on purpose")})

    assert descriptions()["Search"] == "on purpose"
    assert [made["ref"] for made in overrides()] == ["Service/Auth"]


def test_release_ends_what_is_held(estate: Fleet) -> None:
    rolled_back(applied(estate, {"search.yaml": ACCIDENT["search.yaml"]}))
    (held,) = overrides()

    assert envctl("override", "release", held["id"], "--yes").code == 0

    assert envctl("apply", "--yes").code == 0
    assert descriptions()["Search"] == "an accident"


def test_one_record_alone_is_put_back(estate: Fleet) -> None:
    applied(estate, ACCIDENT)

    rolled_back(newest_record("Search")["auditId"])

    assert (descriptions()["Search"], descriptions()["Auth"]) == ("finds things", "another")


@pytest.mark.slow
def test_what_was_made_goes_and_what_was_deleted_comes_back(estate: Fleet) -> None:
    transaction = applied(
        estate, {"new.yaml": service("New", 40003, description="new"), "checkout.yaml": None}
    )
    assert descriptions().keys() == {"Search", "Auth", "New"}

    rolled_back(transaction)

    assert descriptions().keys() == {"Search", "Auth", "Checkout"}
    again = envctl("plan")
    assert again.code == 0, again.out


@pytest.mark.slow
def test_all_since_a_moment_is_put_back(estate: Fleet) -> None:
    moment = newest_record("Search")["at"]
    applied(estate, ACCIDENT)
    applied(estate, {"search.yaml": service("Search", 40000, description="worse")})

    rolled_back("--to", moment)

    assert descriptions()["Search"] == "finds things"
    assert descriptions()["Auth"] == "knows who"


@pytest.mark.slow
def test_all_since_a_revision_is_put_back(estate: Fleet) -> None:
    revision = newest_record("Search")["commit"]
    applied(estate, ACCIDENT)

    rolled_back("--to", revision)

    assert descriptions()["Search"] == "finds things"


@pytest.mark.slow
def test_all_of_a_commit_is_put_back(estate: Fleet) -> None:
    applied(estate, ACCIDENT)

    rolled_back("--commit", newest_record("Search")["commit"])

    assert descriptions()["Search"] == "finds things"
    assert descriptions()["Auth"] == "knows who"


@pytest.mark.slow
def test_what_somebody_else_changed_of_the_same_object_stays(estate: Fleet) -> None:
    """Two people: one changes the text, then the other the owner."""
    first = applied(estate, ACCIDENT)
    text = service("Search", 40000, description="an accident", owningCluster="Infra")
    applied(estate, {"search.yaml": text})

    rolled_back(first)

    item = items()["Search"]
    assert item["Value"]["Description"] == "finds things"
    assert item["OwningCluster"] == "Infra"


@pytest.mark.slow
def test_what_was_changed_again_is_refused_and_both_are_shown(estate: Fleet) -> None:
    first = applied(estate, ACCIDENT)
    second = applied(estate, {"search.yaml": service("Search", 40000, description="mended")})

    ended = rolled_back(first, code=3)

    assert descriptions()["Search"] == "mended"
    assert descriptions()["Auth"] == "knows who"
    assert "changed since, so left as it is: Service/Search" in ended.out
    assert second in ended.out
    assert "description: finds things → an accident, and now mended" in ended.out


@pytest.mark.slow
def test_with_its_own_word_what_was_changed_again_goes_back_too(estate: Fleet) -> None:
    first = applied(estate, ACCIDENT)
    applied(estate, {"search.yaml": service("Search", 40000, description="mended")})

    rolled_back(first, "--also", "Service/Search")

    assert descriptions()["Search"] == "finds things"


@pytest.mark.slow
def test_what_was_changed_past_the_ledger_is_refused_too(estate: Fleet) -> None:
    first = applied(estate, {"search.yaml": ACCIDENT["search.yaml"]})
    edited_past_envctl("Search", "by hand")

    ended = rolled_back(first, code=3)

    assert "somebody past the ledger" in ended.out


@pytest.mark.slow
def test_what_drifted_elsewhere_is_left_alone(estate: Fleet) -> None:
    first = applied(estate, {"search.yaml": ACCIDENT["search.yaml"]})
    edited_past_envctl("Checkout", "by hand")

    rolled_back(first)

    assert descriptions()["Checkout"] == "by hand"
    assert [made["ref"] for made in overrides()] == ["Service/Search"]


@pytest.mark.slow
def test_a_rollback_is_rolled_back(estate: Fleet) -> None:
    transaction = applied(estate, ACCIDENT)
    rolled_back(transaction)
    back = newest_record("Search")["transaction"]

    rolled_back(back)

    assert (descriptions()["Search"], descriptions()["Auth"]) == ("an accident", "another")
    assert overrides() == []
    again = envctl("plan")
    assert again.code == 0, again.out


@pytest.mark.slow
def test_the_same_rollback_twice_has_nothing_left_to_do(estate: Fleet) -> None:
    transaction = applied(estate, ACCIDENT)
    rolled_back(transaction)

    assert envctl("rollback", transaction, "--plan").code == 0


@pytest.mark.slow
def test_what_two_transactions_made_of_one_field_goes_back_step_by_step(estate: Fleet) -> None:
    first = applied(estate, {"search.yaml": service("Search", 40000, description="one")})
    second = applied(estate, {"search.yaml": service("Search", 40000, description="two")})

    rolled_back(second)
    assert descriptions()["Search"] == "one"
    rolled_back(first)

    assert descriptions()["Search"] == "finds things"
    assert len(overrides()) == 1


@pytest.mark.slow
def test_guards_count_a_rollback_like_any_plan(estate: Fleet) -> None:
    many = {f"s{n}.yaml": service(f"S{n}", 40100 + n) for n in range(12)}
    transaction = applied(estate, dict(many))

    refused = envctl("rollback", transaction, "--yes")

    assert refused.code == 3, refused.out
    assert "S0" in descriptions()
    assert overrides() == []


def test_what_is_protected_is_not_rolled_away(estate: Fleet) -> None:
    text = service("Kept", 40009).replace("{name: Kept}", "{name: Kept, protect: true}")
    transaction = applied(estate, {"kept.yaml": text})

    refused = envctl("rollback", transaction, "--yes")

    assert refused.code == 3, refused.out
    assert "Kept" in descriptions()


@pytest.mark.slow
def test_a_lock_and_what_it_held_are_not_put_back_in_one_go(
    estate: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger and a snapshot are sources as others are: what is locked by now stays as it is until its lock is lifted."""
    kept = f"source: {{folder: {estate.folder}}}\nsnapshots: {{folder: {tmp_path / 'kept'}}}\n"
    use_settings(tmp_path, monkeypatch, kept)
    unlocked = environment("c50", more=", deploymentsLocked: false")
    before = one_file(account(), EMPTY_MAP, unlocked)
    applied(estate, {"estate.yaml": before})
    assert envctl("snapshot", "create").code == 0
    locked = environment("c50", owner="Infra", more=", deploymentsLocked: true")
    transaction = applied(estate, {"estate.yaml": one_file(account(), EMPTY_MAP, locked)})

    for command in (("rollback", transaction), ("restore", "latest", "--environment", "c50")):
        refused = envctl(*command, "--yes")
        assert refused.code == 3, refused.out + refused.err
        assert "one revision lifts what holds a change" in refused.out
        assert overrides() == []
    (item,) = installation().master.store.scan("ConfigEnvironments")
    assert item["Value"]["OwningCluster"] == "Infra"
    assert envctl("plan").code == 0


@pytest.mark.slow
@pytest.mark.tells("controller/engine/rollback/chosen.py", "audit list")
@pytest.mark.tells("controller/engine/rollback/chosen.py", "audit show")
@pytest.mark.tells("controller/engine/rollback/chosen.py", "audit verify")
@pytest.mark.tells("controller/engine/rollback/chosen.py", "override release")
def test_what_a_refusal_tells_to_type_leads_on(
    estate: Fleet, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    transaction = applied(estate, {"search.yaml": ACCIDENT["search.yaml"]})
    nowhere = envctl("rollback", "01K0", "--plan").err
    assert transaction in told.types(nowhere, "audit list").out
    record = newest_record("Search")
    shown = told.types(nowhere, "audit show", filling={"TRANSACTION": transaction})
    assert record["auditId"] in shown.out
    nowhere = envctl("rollback", "--commit", "abcdef1", "--plan").err
    assert record["commit"][:7] in told.types(nowhere, "audit list").out

    made = ("override", "Search", "description=x", "--until", "+1h", "--reason", "r", "--yes")
    assert envctl(*made).code == 0
    (of_override, *_) = envctl("audit", "list", "--format", "json").json["records"]
    assert told.types(envctl("rollback", of_override["auditId"]).err, "override release").code == 0
    assert overrides() == []

    master = installation().master
    head = master.store.get(master.state_table, {"Id": "head#config"})
    assert head is not None
    later = {**head, "Sequence": head["Sequence"] + 1}
    master.store.write(PutWrite(master.state_table, to_wire(later)))
    monkeypatch.setattr(chosen, "_WAIT_S", 0)
    missing = told.types(envctl("rollback", transaction, "--plan").err, "audit verify")
    assert (missing.code, f"#{later['Sequence']}" in missing.out) == (7, True)


@pytest.mark.slow
def test_what_does_not_exist_is_told(estate: Fleet) -> None:
    assert envctl("rollback", "--plan").code == 64
    assert envctl("rollback", "--commit", "zzz", "--plan").code == 64
    assert envctl("rollback", "--to", "abcdef1", "--plan").code == 64
    assert envctl("rollback", "--to", "2999-01-01", "--plan").code == 64
    transaction = applied(estate, ACCIDENT)
    assert envctl("rollback", transaction, "--also", "Service/Checkout", "--plan").code == 64
    assert envctl("rollback", transaction, "--also", "nonsense", "--plan").code == 64
