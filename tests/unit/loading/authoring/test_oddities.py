"""What the old product left in the tables is imported with a note for each oddity, and nothing is lost silently."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.loading.authoring.found import FoundObject, Oddity
from controller.loading.authoring.notes import import_notes
from controller.loading.authoring.validate_loop import StableDocuments
from controller.model.ref import ResourceRef
from tests.support.imported_fleets import composed, found, loadable, right, settled
from tests.support.yaml_fleet import KINDS

ACCOUNT = {"AccountName": "eu", "AccountNumber": 12345670123, "IncludeAMIs": False}
CLUSTER = {"ClusterName": "Tango", "Value": {"SchemaVersion": 1, "ShortName": "ta"}}
TYPE = {
    "EnvironmentType": "Staging",
    "Value": {
        "SchemaVersion": 5,
        "AWSAccountName": "eu",
        "AWSAccountNumber": "012345670123",
        "VpcId": "vpc-1",
        "Subnets": {
            "PrivateApp": {"AvailabilityZoneA": "subnet-a", "AvailabilityZoneB": "subnet-b"}
        },
        "Consul": {
            "DataCenter": "x",
            "Port": 8500,
            "Servers": ["10.0.0.1"],
            "SecurityTokenPath": {"Bucket": "b", "Key": "k"},
        },
    },
}
ROLE = {
    "ServerRoleName": "Web",
    "OwningCluster": "Tango",
    "ContactEmailTag": "t@acme.example",
    "AMI": "web-1.0.0",
    "InstanceType": "m3.medium",
    "AutoScalingSettings": {"MinCapacity": 0, "DesiredCapacity": 1, "MaxCapacity": 1},
    "SecurityZone": "Other",
    "SubnetTypeName": "PrivateApp",
    "Volumes": [],
    "FleetPerSlice": False,
}
MAP = {"DeploymentMapName": "web", "Value": {"SchemaVersion": 1, "DeploymentTarget": [ROLE]}}
SEARCH = {
    "ServiceName": "Search",
    "OwningCluster": "Tango",
    "Value": {"SchemaVersion": 1, "BluePort": 40000, "GreenPort": 40001},
}


def environment(name: str, **more: Any) -> FoundObject:
    value = {
        "SchemaVersion": 1,
        "EnvironmentType": "Staging",
        "OwningCluster": "Tango",
        "DeploymentMap": "web",
    }
    operational = more.pop(
        "operational", {"ScheduleAutomatically": False, "ManualScheduleUp": False}
    )
    items = {"ConfigEnvironments": {"EnvironmentName": name, "Value": {**value, **more}}}
    if operational is not None:
        items["InfraOpsEnvironment"] = {"EnvironmentName": name, "Value": operational}
    return found(ResourceRef("Environment", name), items)


def upstream(name: str, **more: Any) -> FoundObject:
    item = {
        "Key": f"/c50_{name}/config",
        "Upstream": name,
        "Environment": "c50",
        "Service": "Search",
        "AccountId": "012345670123",
        "LoadBalancerGroup": "Staging",
        "SchemaVersion": 1,
        "Hosts": [
            {
                "DnsName": f"{name}-blue",
                "Port": 40000,
                "State": "up",
                "FailTimeout": "30s",
                "Weight": 1,
            },
            {
                "DnsName": f"{name}-green",
                "Port": 40001,
                "State": "down",
                "FailTimeout": "30s",
                "Weight": 1,
            },
        ],
        "LoadBalancingMethod": "least_conn",
        "UpStreamKeepalives": 32,
        "ZoneSize": "128k",
        **more,
    }
    return found(ResourceRef("Upstream", name), {"InfraConfigLBUpstream": item})


def service(name: str, **more: Any) -> FoundObject:
    return found(
        ResourceRef("Service", name),
        {"InfraConfigServices": {**SEARCH, "ServiceName": name, **more}},
    )


def of(kind: str, item: dict[str, Any]) -> FoundObject:
    key = kinds()[kind].identify(item)
    return found(ResourceRef(kind, key), {kinds()[kind].tables[0].name: item})


BASE = [
    of("Account", ACCOUNT),
    of("Cluster", CLUSTER),
    of("EnvironmentType", TYPE),
    of("DeploymentMap", MAP),
]


def imported(*objects: FoundObject) -> StableDocuments:
    by_ref = {one.ref: one for one in (*BASE, service("Search"), environment("c50"), *objects)}
    return settled(by_ref.values())


def oddities(result: StableDocuments, ref: str) -> list[Oddity]:
    return result.written[ResourceRef.parse(ref)].oddities


def spec(result: StableDocuments, ref: str) -> dict[str, Any]:
    right(loadable(composed(result)))
    return result.written[ResourceRef.parse(ref)].spec


CASES: dict[str, tuple[FoundObject, dict[str, Any], str]] = {
    "a port stored as text": (
        service("Pay", Value={"BluePort": "40002", "GreenPort": "40003"}),
        {"bluePort": 40002, "greenPort": 40003},
        'bluePort "40002": stored as text',
    ),
    "no port at all": (service("Pay", Value={"BluePort": 0, "GreenPort": ""}), {}, ""),
    "a number stored for text": (
        service("Pay", Value={"ApplicationId": 1234}),
        {"applicationId": "1234"},
        "applicationId 1234: stored as a number",
    ),
    "true stored as text": (
        service("Pay", Value={"IsOne": "true"}),
        {"isOne": True},
        'isOne "true": stored as text',
    ),
    "a field nobody knows": (
        service("Pay", Value={"Colour": "red"}),
        {},
        "Colour red: unknown field 'Colour'",
    ),
    "the version of the old API": (
        service("Pay", Value={}, Version=7),
        {},
        "Version 7 in InfraConfigServices: a field of the old API that was stored",
    ),
    "a flag that hides nothing": (
        service("Pay", Value={}, Deleted="false"),
        {},
        "Deleted 'false', which does not hide it",
    ),
    "no operational item": (
        environment("c51", operational=None),
        {"schedule": {"mode": "on"}},
        "no item in InfraOpsEnvironment: the old scheduler takes that for on, day and night",
    ),
    "an operational item without switches": (
        environment("c51", operational={}),
        {"schedule": {"mode": "on"}},
        "ScheduleAutomatically None and ManualScheduleUp None: not both are true or false",
    ),
    "a schedule nobody can read": (
        environment(
            "c51",
            operational={
                "ScheduleAutomatically": True,
                "ManualScheduleUp": False,
                "DefaultSchedule": "nine to five",
            },
        ),
        {"schedule": {"mode": "noschedule"}},
        "DefaultSchedule 'nine to five': no schedule that can be read",
    ),
    "automatic by no schedule": (
        environment("c51", operational={"ScheduleAutomatically": True, "ManualScheduleUp": False}),
        {"schedule": {"mode": "noschedule"}},
        "DefaultSchedule None: it is scheduled automatically, by none",
    ),
    "notifications of nobody": (
        environment("c51", NotificationSettingsId="gone"),
        {},
        "notificationSettingsId: no NotificationSettings named 'gone'",
    ),
    "a cluster that is not there": (
        service("Zip", OwningCluster="Gone", Value={}),
        {"owningCluster": "Gone"},
        "owningCluster: no Cluster named 'Gone' is written",
    ),
    "an upstream on its way out": (
        upstream("c50-Search", MarkForDelete=True, MarkForDeleteTimestamp=1),
        {"liveSlice": "external"},
        "MarkForDelete: the old cleaner deletes it when its time comes",
    ),
}


@pytest.mark.parametrize("story", sorted(CASES))
def test_what_is_odd_is_written_right_and_told(story: str) -> None:
    one, written, told = CASES[story]
    result = imported(one)

    assert result.left_out == ()
    assert written.items() <= spec(result, str(one.ref)).items()
    notes = [odd.found for odd in oddities(result, str(one.ref))]
    assert any(note.startswith(told) for note in notes) if told else notes == []


LEFT_OUT = {
    "a tombstone": (service("Pay", __Deleted=True), "__Deleted"),
    "a deleted service": (service("Pay", Deleted="true"), "a deleted service"),
    "a name with a hyphen": (environment("c50-b"), "'-'"),
    "a port that is taken": (service("Zip", Value={"BluePort": 40000}), "already taken"),
    "an item that says nothing": (
        found(
            ResourceRef("Environment", "c52"), {"InfraOpsEnvironment": {"EnvironmentName": "c52"}}
        ),
        "not in the shape of a Environment",
    ),
    "a required field without a value": (
        of("Cluster", {"ClusterName": "Infra", "Value": {"ShortName": "infra"}}),
        "shortName is missing",
    ),
}


@pytest.mark.parametrize("story", sorted(LEFT_OUT))
def test_what_cannot_be_written_is_left_as_it_is_with_everything_it_holds(story: str) -> None:
    one, why = LEFT_OUT[story]
    result = imported(one)
    files = composed(result)
    right(loadable(files))

    assert [left.ref for left in result.left_out] == [one.ref]
    assert why in result.left_out[0].reason
    assert one.ref not in result.written
    notes = import_notes([], result.left_out, [], {}, files.paths, KINDS)
    for item in one.whole.values():
        for value in dict(item).values():
            assert str(value) in notes or isinstance(value, dict | bool)


def test_what_belongs_to_an_environment_left_out_is_left_out_with_it() -> None:
    other = found(
        ResourceRef("Upstream", "c50-b-Search"),
        {
            "InfraConfigLBUpstream": {
                **upstream("c50-b-Search").whole["InfraConfigLBUpstream"],
                "Environment": "c50-b",
            }
        },
    )
    files = composed(imported(environment("c50-b"), other))

    assert [path for path in files.files if path.endswith(".left-out")] == [
        "staging/c50-b/environment.yaml.left-out",
        "staging/c50-b/upstreams/c50-b-Search.yaml.left-out",
    ]


def test_a_type_that_spells_its_account_otherwise_gets_the_account_with_its_number() -> None:
    value = {**TYPE["Value"], "AWSAccountName": "EU-old"}  # type: ignore[dict-item]  # a dict of dicts
    result = imported(of("EnvironmentType", {**TYPE, "Value": value}))

    assert spec(result, "EnvironmentType/Staging")["account"] == "eu"
    assert "no account goes by it" in oddities(result, "EnvironmentType/Staging")[0].found


def test_a_naming_pattern_that_old_names_do_not_match_goes_and_the_environments_stay() -> None:
    value = {**TYPE["Value"], "NamingPattern": "^t[0-9]+$"}  # type: ignore[dict-item]  # a dict of dicts
    result = imported(of("EnvironmentType", {**TYPE, "Value": value}))

    assert result.left_out == ()
    assert "namingPattern" not in spec(result, "EnvironmentType/Staging")
    assert "c50" in oddities(result, "EnvironmentType/Staging")[0].found


def test_a_role_keeps_what_is_known_of_its_services() -> None:
    role = {**ROLE, "Services": [{"ServiceName": "Gone"}, {"ServiceName": "Search"}]}
    result = imported(of("DeploymentMap", {**MAP, "Value": {"DeploymentTarget": [role]}}))

    assert spec(result, "DeploymentMap/web")["roles"][0]["services"] == [
        {"serviceName": "Gone"},
        {"serviceName": "Search"},
    ]
    named = result.written[ResourceRef("DeploymentMap", "web")].metadata
    assert named == {"unmanaged": ["Service/Gone"]}


def test_environments_that_share_a_text_follow_one_schedule() -> None:
    text = "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 1,2,3,4,5 | Europe/London"
    automatic = {"ScheduleAutomatically": True, "ManualScheduleUp": False, "DefaultSchedule": text}
    result = imported(
        environment("c51", operational=automatic), environment("c52", operational=automatic)
    )

    name = "mon-fri-0800-1900-london"
    assert spec(result, "Environment/c51")["schedule"] == {"mode": "automatic", "use": name}
    assert spec(result, f"Schedule/{name}") == {
        "timezone": "Europe/London",
        "periods": [{"days": "mon-fri", "from": "08:00", "to": "19:00"}],
    }


def test_a_text_that_would_be_written_another_way_stays_a_text_unless_asked() -> None:
    text = "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"
    automatic = {"ScheduleAutomatically": True, "ManualScheduleUp": False, "DefaultSchedule": text}
    shared = [environment(name, operational=automatic) for name in ("c51", "c52")]

    exact = imported(*shared)
    rewritten = settled([*BASE, service("Search"), *shared], rewrite=True)

    name = "mon-fri-0800-1900"
    assert spec(exact, f"Schedule/{name}") == {"expression": text}
    assert (
        "periods: [{days: mon-fri, from: 08:00, to: 19:00}]"
        in composed(exact).files[f"schedules/{name}.yaml"]
    )
    assert spec(rewritten, f"Schedule/{name}")["periods"]
