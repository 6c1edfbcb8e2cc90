"""Virtual hosts: where requests go, and that it is there."""

from typing import Any

import pytest

from controller.catalog import kinds
from tests.unit.kinds.small_fleet import FLEET, VIRTUAL_HOST, changed, complaints, items, without

NAME = "www.c50.acme.example"


def at_location(**fields: Any) -> dict[str, Any]:
    return {**VIRTUAL_HOST, "locations": [{"path": "/search", **fields}]}


LOCATION = {
    "path": "/search",
    "priority": 1,
    "ifConditionPriority": 1.5,
    "proxyPass": "http://c50-Search",
    "healthCheck": {"interval": "5s", "fails": 3, "passes": 2, "uri": "/health"},
    "returnUri": "/x",
    "rewriteUri": "/y",
    "rewrites": [{"condition": "a", "uri": "/z", "state": "last"}],
}
LOCATION_FOUND = {
    "Path": "/search",
    "Priority": 1,
    "IfConditionPriority": 1.5,
    "ProxyPass": "http://c50-Search",
    "HealthCheck": {
        "Interval": "5s",
        "Fails": 3,
        "Passes": 2,
        "URI": "/health",
    },
    "ReturnURI": "/x",
    "RewriteURI": "/y",
    "Rewrites": [{"Condition": "a", "URI": "/z", "State": "last"}],
}


def test_its_item_repeats_its_keys() -> None:
    full = {
        **VIRTUAL_HOST,
        "set": ["$a 1"],
        "siteInMaintenance": False,
        "restrictTo": ["10.0.0.0/8"],
        "locations": [LOCATION],
    }
    assert items("LoadBalancerSetting", NAME, full) == {
        "InfraConfigLBSettings": {
            "EnvironmentName": "c50",
            "VHostName": NAME,
            "AccountId": "012345670123",
            "LoadBalancerGroup": "Staging",
            "Value": {
                "SchemaVersion": 1,
                "EnvironmentName": "c50",
                "VHostName": NAME,
                "Listen": [{"Port": 443}],
                "ServerName": [NAME],
                "FrontEnd": True,
                "Set": ["$a 1"],
                "SiteInMaintenance": False,
                "RestrictTo": ["10.0.0.0/8"],
                "Locations": [LOCATION_FOUND],
            },
        }
    }


def test_it_is_identified_by_environment_and_name() -> None:
    kind = kinds()["LoadBalancerSetting"]
    assert kind.identify({"EnvironmentName": "c50", "VHostName": NAME}) == f"c50/{NAME}"
    assert kind.recover(
        {"InfraConfigLBSettings": {"EnvironmentName": "c50", "VHostName": NAME}}
    ) == (
        NAME,
        {"EnvironmentName": "c50"},
    )


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"listen": [0]}, "spec.listen.0.port", "1 to 65535"),
        ({"listen": ["443"]}, "spec.listen.0", "dictionary"),
        ({"listen": 443}, "spec.listen", "valid list"),
        ({"listen": [{"port": 443, "tls": True}]}, "spec.listen.0.tls", "not permitted"),
        ({"serverName": [""]}, "spec.serverName.0", "a line of text"),
        ({"frontEnd": "yes"}, "spec.frontEnd", "boolean"),
        ({"customErrorCodes": ["4xx"]}, "spec.customErrorCodes.0", "or all"),
        ({"restrictTo": ["10.0.0.256"]}, "spec.restrictTo.0", "an IPv4 address"),
        ({"restrictTo": ["10.0.0.0/33"]}, "spec.restrictTo.0", "an IPv4 address"),
        ({"restrictTo": ["10.0.0"]}, "spec.restrictTo.0", "an IPv4 address"),
    ],
)
def test_what_is_refused(change: dict[str, Any], at: str, words: str) -> None:
    found, *others = complaints("LoadBalancerSetting", NAME, {**VIRTUAL_HOST, **change})
    assert not others
    assert found.startswith(f"{at}: ")
    assert words in found


@pytest.mark.parametrize(
    ("fields", "at", "words"),
    [
        ({"healthCheck": {"interval": "5 s"}}, "healthCheck.interval", "a time such as 5s"),
        ({"healthCheck": {"fails": -1}}, "healthCheck.fails", "0 or more"),
        ({"returnCode": "30x"}, "returnCode", "a status code"),
        ({"priority": "1"}, "priority", "a number"),
        ({"proxyHttpVersion": 1.1}, "proxyHttpVersion", 'a quoted version such as "1.1"'),
        ({"proxyPass": "c50-Search"}, "proxyPass", "expected http:// or https://"),
        ({"proxyPass": "https://"}, "proxyPass", "names no target"),
        ({"proxyPass": "http://pr1-Search"}, "proxyPass", "belongs to EnvironmentType Prod"),
        ({"proxyPass": "http://$up"}, "proxyPass", "the variable $up is not set in this location"),
        ({"proxyPass": "http://$up", "set": ["$upp x", "x $up"]}, "proxyPass", "$up is not set"),
    ],
)
def test_what_is_refused_of_a_location(fields: dict[str, Any], at: str, words: str) -> None:
    found, *others = complaints("LoadBalancerSetting", NAME, at_location(**fields))
    assert not others
    assert found.startswith(f"spec.locations.0.{at}: ")
    assert words in found


@pytest.mark.parametrize(
    "fields",
    [
        {"proxyPass": "https://c50-Search/path/x.html"},
        {"proxyPass": "http://cm1-Search"},
        {"proxyPass": "https://docs.acme.example"},
        {"proxyPass": "http://$up", "set": ["$up http://x.y"]},
        {"proxyPass": "http://$host:$port"},
        {"proxyPass": "http://no-such-upstream"},
        {"returnCode": 301},
        {"returnCode": "301"},
        {"healthCheck": {"interval": "5s"}},
        {"restrictTo": ["255.255.255.255", "0.0.0.0/0", "10.1.2.3/32"]},
        {"customErrorCodes": ["404", "all"]},
    ],
)
def test_locations_that_are_accepted(fields: dict[str, Any]) -> None:
    assert complaints("LoadBalancerSetting", NAME, at_location(**fields)) == []


@pytest.mark.parametrize("missing", [("Environment", "c50"), ("Environment", "pr1")])
def test_of_what_does_not_exist_nothing_more_is_said(missing: tuple[str, str]) -> None:
    spec = at_location(proxyPass="http://pr1-Search")
    assert not complaints("LoadBalancerSetting", NAME, spec, without(FLEET, missing))


def test_a_virtual_host_needs_load_balancers() -> None:
    bare = changed(FLEET, "EnvironmentType", "Staging", loadBalancers=None)
    (found,) = complaints("LoadBalancerSetting", NAME, VIRTUAL_HOST, bare)
    assert "EnvironmentType Staging of Environment c50 has no loadBalancers" in found


@pytest.mark.parametrize("name", ["a/b", "a b", "x" * 65])
def test_names_of_another_form_are_refused(name: str) -> None:
    (found,) = complaints("LoadBalancerSetting", name, VIRTUAL_HOST)
    assert "is no name for this kind" in found


def test_nothing_is_derived_without_its_environment() -> None:
    found = items("LoadBalancerSetting", NAME, VIRTUAL_HOST, without(FLEET, ("Environment", "c50")))
    assert "AccountId" not in found["InfraConfigLBSettings"]
