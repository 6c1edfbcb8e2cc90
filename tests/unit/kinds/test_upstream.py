"""Upstreams: hosts, ports and states follow from the service and the live slice, unless they are given."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.kinds.language.kind import Leaving
from tests.unit.kinds.small_fleet import (
    FLEET,
    UPSTREAM,
    changed,
    complaints,
    findings,
    items,
    without,
)


def host(name: str, port: int, **more: Any) -> dict[str, Any]:
    return {
        "DnsName": name,
        "Port": port,
        "FailTimeout": "30s",
        "MaxFails": None,
        "Weight": 1,
        **more,
    }


def hosts_of(fleet: Any = FLEET, **fields: Any) -> Any:
    return items("Upstream", "c50-Search", {**UPSTREAM, **fields}, fleet)["InfraConfigLBUpstream"][
        "Hosts"
    ]


def test_its_item_is_flat() -> None:
    full = {**UPSTREAM, "persistenceMethod": "ip_hash", "slowStart": "30s", "markForDelete": False}
    assert items("Upstream", "c50-Search", full) == {
        "InfraConfigLBUpstream": {
            "Key": "/c50_c50-Search/config",
            "AccountId": "012345670123",
            "LoadBalancerGroup": "Staging",
            "Environment": "c50",
            "Service": "Search",
            "Upstream": "c50-Search",
            "Hosts": [host("c50-Search-blue", 40012), host("c50-Search-green", 40013)],
            "LoadBalancingMethod": "least_conn",
            "PersistenceMethod": "ip_hash",
            "SlowStart": "30s",
            "UpStreamKeepalives": 32,
            "ZoneSize": "128k",
            "SchemaVersion": 1,
            "MarkForDelete": False,
        }
    }


@pytest.mark.parametrize(
    ("live", "blue", "green"), [("blue", "up", "down"), ("green", "down", "up")]
)
def test_the_live_slice_gives_hosts_ports_and_states(live: str, blue: str, green: str) -> None:
    assert hosts_of(liveSlice=live) == [
        host("c50-Search-blue", 40012, State=blue),
        host("c50-Search-green", 40013, State=green),
    ]


def test_external_leaves_the_states_to_the_pipelines() -> None:
    assert [one.get("State") for one in hosts_of(liveSlice="external")] == [None, None]


def test_hosts_may_be_given_with_what_differs_from_the_slices() -> None:
    given = [
        {"dnsName": "a-blue", "weight": 5},
        {"dnsName": "web.acme.example", "port": 40013, "state": "down"},
    ]
    assert hosts_of(liveSlice="blue", hosts=given) == [
        {**host("a-blue", 40012, State="up"), "Weight": 5},
        host("web.acme.example", 40013, State="down"),
    ]


def test_ports_that_are_given_stay() -> None:
    given = [{"dnsName": "a-blue", "port": 40013}]
    assert hosts_of(hosts=given) == [host("a-blue", 40013)]


def test_a_host_of_no_slice_keeps_the_state_it_was_given() -> None:
    given = {**UPSTREAM, "liveSlice": "blue", "hosts": [{"dnsName": "a-b", "state": "up"}]}
    assert complaints("Upstream", "c50-Search", given) == []


def test_nothing_is_derived_from_what_does_not_exist() -> None:
    alone = without(FLEET, ("Service", "Search"), ("Environment", "c50"))
    found = items("Upstream", "c50-Search", UPSTREAM, alone)["InfraConfigLBUpstream"]
    assert "AccountId" not in found
    assert "Port" not in found["Hosts"][0]


def test_without_its_account_it_has_no_place() -> None:
    found = items("Upstream", "c50-Search", UPSTREAM, without(FLEET, ("Account", "staging-eu")))
    assert "LoadBalancerGroup" not in found["InfraConfigLBUpstream"]


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"zoneSize": "12345678901"}, "spec.zoneSize", "at most 10"),
        ({"upstreamKeepalives": 0}, "spec.upstreamKeepalives", "from 1 to 500"),
        ({"upstreamKeepalives": 501}, "spec.upstreamKeepalives", "from 1 to 500"),
        ({"slowStart": "100s"}, "spec.slowStart", "30s or 2m"),
        ({"persistenceMethod": "x" * 101}, "spec.persistenceMethod", "at most 100"),
        ({"liveSlice": "red"}, "spec.liveSlice", "'blue', 'green' or 'external'"),
        ({"hosts": "x"}, "spec.hosts", "valid list"),
        ({"liveSlice": "blue", "hosts": ["x"]}, "spec.hosts.0", "dictionary"),
        ({"hosts": [{"dnsName": "nodothyphen"}]}, "spec.hosts.0.dnsName", "Consul service"),
        ({"hosts": [{"dnsName": "-a.b"}]}, "spec.hosts.0.dnsName", "none at its ends"),
        ({"hosts": [{"dnsName": "a-.b"}]}, "spec.hosts.0.dnsName", "none at its ends"),
        ({"hosts": [{"dnsName": "a-b-c-d-e.f"}]}, "spec.hosts.0.dnsName", "at most three hyphens"),
        ({"hosts": [{"dnsName": f"{'x' * 60}.com"}]}, "spec.hosts.0.dnsName", "63 characters"),
        ({"hosts": [{"dnsName": "a-b", "port": 65536}]}, "spec.hosts.0.port", "1 to 65535"),
        (
            {"hosts": [{"dnsName": "a-b", "failTimeout": "1000s"}]},
            "spec.hosts.0.failTimeout",
            "4 characters",
        ),
        ({"hosts": [{"dnsName": "a-b", "maxFails": 101}]}, "spec.hosts.0.maxFails", "0 to 100"),
        ({"hosts": [{"dnsName": "a-b", "weight": 0}]}, "spec.hosts.0.weight", "1 to 100"),
        ({"hosts": [{"dnsName": "a-b", "state": "UP"}]}, "spec.hosts.0.state", "'up' or 'down'"),
        (
            {"hosts": [{"dnsName": "a-blue", "port": 6}]},
            "spec.hosts.0.port",
            "Host port 6 does not match blue or green port of Search",
        ),
        (
            {"hosts": [{"dnsName": "a-b", "state": "up"}, {"dnsName": "a-c"}]},
            "spec.hosts",
            "host a-c has no state, others have",
        ),
        (
            {"liveSlice": "blue", "hosts": [{"dnsName": "a-b"}]},
            "spec.hosts.0",
            "gives no state to host a-b",
        ),
        (
            {"liveSlice": "blue", "hosts": [{"dnsName": "a-green", "state": "up"}]},
            "spec.hosts.0.state",
            "host a-green is up, which contradicts liveSlice blue",
        ),
    ],
)
def test_what_is_refused(change: dict[str, Any], at: str, words: str) -> None:
    found, *others = complaints("Upstream", "c50-Search", {**UPSTREAM, **change})
    assert not others
    assert found.startswith(f"{at}: ")
    assert words in found


@pytest.mark.parametrize(
    "hosts",
    [
        [{"dnsName": "env-serviceName-blue"}],
        [{"dnsName": "a.b"}],
        [{"dnsName": "a-b-c-d.acme.example", "port": 40012}],
        [{"dnsName": "a--b.c", "maxFails": 0, "failTimeout": "500ms"[:4]}],
    ],
)
def test_hosts_that_are_accepted(hosts: Any) -> None:
    assert complaints("Upstream", "c50-Search", {**UPSTREAM, "hosts": hosts}) == []


def test_what_is_missing_is_said_once() -> None:
    assert [one.partition(":")[0] for one in complaints("Upstream", "c50-Search", {})] == [
        "spec.environmentName",
        "spec.serviceName",
    ]


@pytest.mark.parametrize("name", ["c49-Search", "c50", "c50-"])
def test_that_its_name_begins_with_its_environment_is_advised(name: str) -> None:
    (found,) = findings("Upstream", name, UPSTREAM)
    assert "does not begin with 'c50-'" in found.message
    assert found.warning


@pytest.mark.parametrize("name", ["c50-Sea_rch", f"c50-{'x' * 97}"])
def test_names_of_another_form_are_refused(name: str) -> None:
    (found,) = complaints("Upstream", name, UPSTREAM)
    assert "is no name for this kind" in found


def test_a_slice_without_a_port_is_missed_at_the_service() -> None:
    one_slice = changed(FLEET, "Service", "Search", greenPort=None)
    (found,) = complaints("Upstream", "c50-Search", UPSTREAM, one_slice)
    assert "host c50-Search-green needs the green port of Service Search, which has none" in found
    given = {**UPSTREAM, "hosts": [{"dnsName": "a-b", "port": 6}]}
    assert complaints("Upstream", "c50-Search", given, one_slice) == []


def test_hosts_whose_consul_names_would_be_too_long_must_be_given() -> None:
    long = "S" * 60
    found = complaints("Upstream", "c50-S", {**UPSTREAM, "serviceName": long})
    assert any("is no name of at most 63 characters" in one for one in found)


def test_hosts_in_consul_need_a_consul() -> None:
    no_consul = changed(FLEET, "EnvironmentType", "Staging", consul=None)
    (found,) = complaints("Upstream", "c50-Search", UPSTREAM, no_consul)
    assert "c50-Search-blue is a Consul service, but EnvironmentType Staging has no consul" in found
    named = {**UPSTREAM, "hosts": [{"dnsName": "web.acme.example"}]}
    assert complaints("Upstream", "c50-Search", named, no_consul) == []


def test_of_what_does_not_exist_nothing_more_is_said() -> None:
    alone = without(FLEET, ("Service", "Search"), ("Environment", "c50"))
    assert complaints("Upstream", "c50-Search", UPSTREAM, alone) == []


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"Key": "/c50_c50-Search/config", "Upstream": "c50-Search"}, "c50-Search"),
        ({"Key": "/c_50_c50-Search/config"}, "c50-Search"),
    ],
)
def test_an_item_is_identified_whatever_it_lacks(item: dict[str, Any], name: str) -> None:
    assert kinds()["Upstream"].identify(item) == name


def test_it_is_marked_before_it_is_deleted() -> None:
    assert kinds()["Upstream"].leaving is Leaving.MARK_THEN_DELETE


def test_that_there_are_no_hosts_is_said_and_read_back() -> None:
    none = {**UPSTREAM, "hosts": []}
    undo = kinds()["Upstream"].undo_derived
    assert undo is not None
    assert complaints("Upstream", "c50-Search", none) == []
    assert hosts_of(hosts=[]) == []
    assert undo(none) == none


@pytest.mark.parametrize(
    "recovered",
    [
        {**UPSTREAM, "liveSlice": "blue", "hosts": [{"dnsName": "a-b", "state": "up"}]},
        {**UPSTREAM, "hosts": [{"dnsName": "c50-Search-blue", "weight": 2}]},
        {**UPSTREAM, "hosts": "odd"},
    ],
)
def test_hosts_that_were_authored_stay(recovered: dict[str, Any]) -> None:
    undo = kinds()["Upstream"].undo_derived
    assert undo is not None
    assert undo(dict(recovered)) == recovered
