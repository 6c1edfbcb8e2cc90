"""What other programs act on, in one form whatever the old product stored it as."""

from typing import Any

import pytest

from controller.catalog import kinds

AUTOMATIC = {"ScheduleAutomatically": True, "ManualScheduleUp": False}


def read(kind: str, **items: Any) -> Any:
    found = kinds()[kind].read_by_others
    assert found is not None
    return found(items)


def schedule(value: Any) -> Any:
    return read("Environment", InfraOpsEnvironment={"Value": value})["Schedule"]


@pytest.mark.parametrize(
    ("value", "same_as"),
    [
        ({}, {"ManualScheduleUp": True, "ScheduleAutomatically": False}),
        ("odd", {}),
        ({**AUTOMATIC, "DefaultSchedule": "247"}, {}),
        ({**AUTOMATIC, "DefaultSchedule": "nine to five"}, {**AUTOMATIC, "DefaultSchedule": "noschedule"}),
        (AUTOMATIC, {**AUTOMATIC, "DefaultSchedule": 7}),
        (
            {**AUTOMATIC, "DefaultSchedule": "Start: 0 8 * * 1-7"},
            {**AUTOMATIC, "DefaultSchedule": "start: 0 8 * * 1-6"},
        ),
    ],
)  # fmt: skip
def test_meanings_of_schedules_are_compared(value: Any, same_as: Any) -> None:
    assert schedule(value) == schedule(same_as)


def test_what_is_obeyed_by_accident_is_like_nothing_else() -> None:
    odd = {**AUTOMATIC, "DefaultSchedule": "start: 0 8 * * foo"}
    assert schedule(odd) not in (
        schedule({**AUTOMATIC, "DefaultSchedule": "noschedule"}),
        schedule({}),
    )


def test_ports_that_are_none_and_lists_that_are_absent() -> None:
    service = {"OwningCluster": "T", "Value": {"BluePort": "0", "GreenPort": "40001"}}
    bare = {"OwningCluster": "T", "Value": {"GreenPort": 40001}}
    assert read("Service", InfraConfigServices=service) == read("Service", InfraConfigServices=bare)

    role = {"ServerRoleName": "Web"}
    maps = [
        {"Value": {"DeploymentTarget": roles}}
        for roles in ([role, "odd"], [{**role, "Services": []}], "odd")
    ]
    none, empty, odd = (read("DeploymentMap", ConfigDeploymentMaps=one) for one in maps)
    assert none == empty == {"Web": []}
    assert odd == {}


def test_numbers_as_text_and_nulls_are_one_form_and_other_texts_their_own() -> None:
    one = {"Hosts": [{"Port": "40012", "MaxFails": None}], "ZoneSize": "128k"}
    other = {"Hosts": [{"Port": 40012}], "ZoneSize": "128k"}
    assert read("Upstream", InfraConfigLBUpstream=one) == read(
        "Upstream", InfraConfigLBUpstream=other
    )
    assert read("LoadBalancerSetting") == {}
    assert read("Service", InfraConfigServices={"Value": "odd"})["BluePort"] is None
