"""Corners of importing: paths that clash, notes that hide secrets, accounts that lost zeros, schedules that have names."""

from datetime import UTC, datetime
from typing import Any

import pytest

from controller.kinds.account import CONVENTIONAL_ROLE
from controller.loading.authoring.compose import Folders, extract_defaults, extract_role_defaults
from controller.loading.authoring.found import FoundObject, LeftOut, Oddity, Written
from controller.loading.authoring.group_facts import Groups, add_group_facts
from controller.loading.authoring.notes import import_notes
from controller.loading.authoring.reading import read_objects
from controller.loading.authoring.shared_schedules import share_schedules
from controller.loading.authoring.tidy import tidied
from controller.loading.authoring.validate_loop import validate_until_stable
from controller.model.live import LiveLook
from controller.model.ref import ResourceRef
from tests.support.imported_fleets import CIRCUMSTANCES
from tests.support.yaml_fleet import KINDS
from tests.unit.loading.authoring.test_group_facts import PLACE, SCOPE
from tests.unit.loading.authoring.test_oddities import (
    ACCOUNT,
    BASE,
    MAP,
    ROLE,
    TYPE,
    environment,
    imported,
    oddities,
    of,
    service,
    spec,
    upstream,
)

AUTOMATIC = {"ScheduleAutomatically": True, "ManualScheduleUp": False}
WEEK = "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 1,2,3,4,5"


def written(kind: str, name: str, **spec: Any) -> Written:
    return Written(ResourceRef(kind, name), name, spec)


@pytest.mark.parametrize(
    ("one", "path"),
    [
        (written("Service", "Search"), "services/Search.yaml"),
        (written("Service", "defaults"), "services/defaults-1.yaml"),
        (written("Service", "../x y"), "services/x-y.yaml"),
        (written("Service", "???"), "services/unnamed.yaml"),
        (written("Environment", "c50"), "staging/c50/environment.yaml"),
        (written("Environment", "c51"), "type-services/c51/environment.yaml"),
        (written("Environment", "c52"), "environments/c52/environment.yaml"),
        (written("Upstream", "u", environmentName="c50"), "staging/c50/upstreams/u.yaml"),
        (written("Upstream", "u"), "environments/unknown/upstreams/u.yaml"),
        (written("Gadget", "x"), "gadgets/x.yaml"),
    ],
)
def test_a_path(one: Written, path: str) -> None:
    types = {"c50": "Staging", "c51": "Services", "c52": ""}
    environments = [
        written("Environment", name, environmentType=kind) for name, kind in types.items()
    ]

    assert Folders(environments).path_of(one) == path


def test_paths_that_differ_in_case_alone_are_told_apart() -> None:
    folders = Folders([])

    paths = [folders.path_of(written("Service", name)) for name in ("search", "Search", "SEARCH")]

    assert paths == ["services/search.yaml", "services/Search-2.yaml", "services/SEARCH-3.yaml"]


@pytest.mark.parametrize(
    ("specs", "shared"),
    [
        ([{"a": 1}], {}),
        ([{"a": 1}, {"a": 1}], {"a": 1}),
        ([{"a": 1}, {"a": 2}], {}),
        ([{"a": 1}, {"a": 1}, {"a": 2}], {"a": 1}),
        ([{"a": {}}, {"a": {}}, {"a": {"b": 1}}], {}),
        ([{"a": 1}, {}], {}),
    ],
)
def test_what_is_lifted(specs: list[dict[str, Any]], shared: dict[str, Any]) -> None:
    found, rest = extract_defaults(specs)

    assert found == shared
    assert [{**found, **one} for one in rest] == specs


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"roles": "odd"},
        {"roleDefaults": {}, "roles": [{"a": 1}, {"a": 1}]},
        {"roles": [{"a": 1}, {"a": 2}]},
    ],
)
def test_a_map_whose_roles_share_nothing_stays_as_it_is(spec: dict[str, Any]) -> None:
    assert extract_role_defaults(spec) is spec


def test_notes_hide_what_is_sensitive_and_stay_on_their_lines() -> None:
    ref = ResourceRef("EnvironmentType", "Staging")
    value = {
        "LicenseKeys": {"NewRelicKey": "hunter2"},
        "LoadBalancers": ["lb1"],
        "Subnets": {"PrivateApp": {"AvailabilityZoneA": "s"}},
    }
    items = {"ConfigEnvironmentTypes": {"EnvironmentType": "Staging", "Value": value}}
    gone = ResourceRef("Gadget", "x")
    left = [
        LeftOut(ref, "for\n# a reason", "decide", items),
        LeftOut(gone, "no kind", "see", {"T": {"A": {1, 2}}}),
    ]
    odd = [Oddity(ref, "found", "written"), Oddity(ref, "more", "so", "say `what`")]

    text = import_notes(odd, left, ["a group"], {ref: ["A: 1 → 2"]}, {ref: "t/Staging.yaml"}, KINDS)

    assert "hunter2" not in text
    assert "(sensitive)" in text
    assert "0 objects written; 2 oddities met; 2 objects left out." in text
    assert "- why: for\\n# a reason" in text
    assert "  - to decide: say `what`" in text
    assert "## Accounts and groups\n\n- a group\n" in text
    assert "- `EnvironmentType/Staging` (`t/Staging.yaml`)\n  - A: 1 → 2" in text


def test_an_account_that_lost_its_zeros_everywhere_gets_them_back() -> None:
    name = f"a/path/{CONVENTIONAL_ROLE}"
    role = f"arn:aws:iam::12345670123:role/{name}"

    result = imported(of("Account", {**ACCOUNT, "RoleArn": role}))

    assert spec(result, "Account/eu")["roleArn"] == f"arn:aws:iam::012345670123:role/{name}"
    told = [odd.found for odd in oddities(result, "Account/eu")]
    assert any(one.startswith(f"RoleArn {role}: its account lost") for one in told)


@pytest.mark.parametrize("number", [12345670123, "1234567012x"])
def test_a_type_with_an_odd_account_number_is_told(number: Any) -> None:
    value: dict[str, Any] = {**TYPE["Value"], "AWSAccountNumber": number}  # type: ignore[dict-item]  # a dict of dicts

    result = imported(of("EnvironmentType", {**TYPE, "Value": value}))

    (odd,) = oddities(result, "EnvironmentType/Staging")
    assert odd.found == f"AWSAccountNumber {number!r}: not the 12 digits it should be"


def test_both_switches_on_is_on() -> None:
    both = environment("c51", operational={"ScheduleAutomatically": True, "ManualScheduleUp": True})

    result = imported(both)

    assert spec(result, "Environment/c51")["schedule"] == {"mode": "on"}
    assert "both true" in oddities(result, "Environment/c51")[0].found


def test_a_stored_version_inside_the_value_goes() -> None:
    result = imported(service("Pay", Value={"Version": 3}))

    (odd,) = oddities(result, "Service/Pay")
    assert odd.found.startswith("Value.Version 3 in InfraConfigServices")


def test_an_item_of_no_kind_is_left_out_and_a_remark_on_an_item_is_kept() -> None:
    gadget = FoundObject(ResourceRef("Gadget", "x"), {}, {})
    pay = service("Pay", Value={})
    remark = Oddity(pay.ref, "found twice", "once")

    reading = read_objects(
        [gadget, FoundObject(pay.ref, pay.items, pay.whole, remark=remark)], KINDS
    )

    assert [left.reason for left in reading.left_out] == ["there is no kind 'Gadget'"]
    assert reading.written[pay.ref].oddities == [remark]


@pytest.mark.parametrize(
    ("schedule", "shared"),
    [
        ({"expression": WEEK}, True),
        ({"periods": [{"days": "mon-fri", "from": "08:00", "to": "19:00"}]}, True),
        ({"expression": WEEK, "except": ["holidays"]}, False),
        ({"expression": "on"}, False),
    ],
)
def test_one_environment_follows_a_schedule_that_says_the_same(
    schedule: dict[str, Any], shared: bool
) -> None:
    one = written("Environment", "c50", schedule={"mode": "automatic", "expression": WEEK})
    known = written("Schedule", "week", **schedule)

    share_schedules({one.ref: one, known.ref: known})

    assert one.spec["schedule"].get("use") == ("week" if shared else None)


def test_a_new_schedule_takes_no_name_that_is_taken() -> None:
    taken = written("Schedule", "mon-fri-0800-1900", expression="on")
    both = [
        written("Environment", name, schedule={"mode": "automatic", "expression": WEEK})
        for name in ("c50", "c51")
    ]

    result = share_schedules({one.ref: one for one in (taken, *both)})

    assert ResourceRef("Schedule", "mon-fri-0800-1900-2") in result


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("start: 0 8 1 * *; stop: 0 19 * * * | Europe/Isle_of_Man", "schedule-isle-of-man"),
        ("start: 0 8 * * 1; start: 0 9 * * 2; stop: 0 19 * * 1,2", "mon-0800-1900-and-more"),
    ],
)
def test_the_name_of_a_new_schedule(text: str, name: str) -> None:
    both = [
        written("Environment", one, schedule={"mode": "automatic", "expression": text})
        for one in ("c50", "c51")
    ]

    result = share_schedules({one.ref: one for one in both})

    assert ResourceRef("Schedule", name) in result


def test_a_type_whose_account_nobody_knows_is_left_out_with_what_needs_it() -> None:
    value: dict[str, Any] = {
        **TYPE["Value"],  # type: ignore[dict-item]  # a dict of dicts
        "AWSAccountName": "gone",
        "AWSAccountNumber": None,
    }

    result = imported(of("EnvironmentType", {**TYPE, "Value": value}))

    assert {left.ref.kind for left in result.left_out} == {"EnvironmentType", "Environment"}


def test_an_account_spelt_otherwise_is_meant_where_no_number_says_so() -> None:
    value: dict[str, Any] = {
        **TYPE["Value"],  # type: ignore[dict-item]  # a dict of dicts
        "AWSAccountName": "EU",
        "AWSAccountNumber": None,
    }

    assert (
        spec(imported(of("EnvironmentType", {**TYPE, "Value": value})), "EnvironmentType/Staging")[
            "account"
        ]
        == "eu"
    )


def test_a_reference_an_object_cannot_be_without_leaves_it_out() -> None:
    result = imported(environment("c51", DeploymentMap="gone"))

    (left,) = result.left_out
    assert left.reason == "spec.deploymentMap: no DeploymentMap named 'gone'"


def test_an_item_under_another_name_than_its_key_is_left_out() -> None:
    odd = upstream("c50-Search")
    moved = FoundObject(ResourceRef("Upstream", "c50-Other"), odd.items, odd.whole)

    (left,) = imported(moved).left_out

    assert left.reason == (
        "its item goes by another name: Upstream/c50-Search, not Upstream/c50-Other"
    )


def test_an_object_without_a_name_is_left_out() -> None:
    (left,) = imported(service("")).left_out

    assert left.reason.startswith("metadata.name: ")


def test_groups_in_an_account_nobody_looked_at_say_nothing() -> None:
    result = imported()

    remarks = add_group_facts(result.written, Groups({}, default_region="eu-west-1"))

    assert remarks == []
    assert "roles" not in result.written[ResourceRef("Environment", "c50")].spec


def test_an_environment_of_no_type_has_no_groups_to_look_at() -> None:
    alone = written("Environment", "c50", environmentType="gone")
    look = LiveLook(SCOPE, datetime(2026, 11, 24, tzinfo=UTC))

    assert (
        add_group_facts({alone.ref: alone}, Groups({PLACE: look}, default_region="eu-west-1")) == []
    )


def test_what_refers_to_each_other_without_end_is_left_out() -> None:
    reading = read_objects([*BASE, service("Pay", OwningCluster="Gone")], KINDS)

    result = validate_until_stable(
        reading.written, reading.whole, KINDS, CIRCUMSTANCES, most_rounds=1
    )

    assert result.written == {}
    assert {left.ref for left in result.left_out} == set(reading.whole)


def test_a_role_of_a_cluster_nobody_knows_leaves_its_map_out() -> None:
    role = {**ROLE, "OwningCluster": "Gone"}

    left = imported(of("DeploymentMap", {**MAP, "Value": {"DeploymentTarget": [role]}})).left_out

    assert left[0].reason == "spec.roles.0.owningCluster: no Cluster named 'Gone'"


def test_an_upstream_with_hosts_of_its_own_or_of_no_service_keeps_them() -> None:
    host = {"DnsName": "x.acme.example", "Port": 40000, "FailTimeout": "30s", "Weight": 1}

    result = imported(upstream("c50-Search", Hosts=[host]))

    assert spec(result, "Upstream/c50-Search")["hosts"][0]["dnsName"] == "x.acme.example"


def test_hosts_of_a_service_that_is_not_there_are_written() -> None:
    known = upstream("c50-Search", Service="Gone")

    hosts = read_objects([known], KINDS).written[known.ref].spec["hosts"]

    assert [host["port"] for host in hosts] == [40000, 40001]


def test_hosts_that_have_other_ports_than_the_service_are_written() -> None:
    whole = upstream("c50-Search").whole["InfraConfigLBUpstream"]
    hosts = [
        {**host, "Port": port} for host, port in zip(whole["Hosts"], (40001, 40000), strict=True)
    ]

    result = imported(upstream("c50-Search", Hosts=hosts))

    assert [host["port"] for host in spec(result, "Upstream/c50-Search")["hosts"]] == [40001, 40000]


def test_a_role_that_goes_by_the_convention_is_not_written() -> None:
    role = f"arn:aws:iam::012345670123:role/{CONVENTIONAL_ROLE}"

    result = imported(of("Account", {**ACCOUNT, "RoleArn": role}))

    assert "roleArn" not in spec(result, "Account/eu")


def test_members_that_say_more_than_a_short_form_stay_long() -> None:
    services = [{"serviceName": "Search"}, {"serviceName": "Pay", "more": 1}]
    role = {"serverRoleName": "Web", "services": services}

    found = tidied(KINDS["DeploymentMap"], {"roles": [role]})

    assert found["roles"][0]["services"] == services


def test_members_of_a_list_are_shown_in_notes_and_nothing_is_said_of_nothing() -> None:
    one = upstream("c50-Search")
    left = [LeftOut(one.ref, "why", "decide", one.whole)]

    assert "c50-Search-blue" in import_notes([], left, [], {}, {}, KINDS)
    assert import_notes([], [], [], {}, {}, KINDS).count("\n") == 4
