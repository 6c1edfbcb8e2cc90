"""Environment types: account, network, and patterns that cannot run away."""

import time
from typing import Any

import pytest

from controller.kinds.language.fields import merge
from controller.kinds.parts.naming_pattern import matches
from tests.unit.kinds.small_fleet import ENVIRONMENT_TYPE, FLEET, complaints, items, without

FULL = {
    **ENVIRONMENT_TYPE,
    "region": "eu-west-1",
    "namingPattern": "^c[0-9]{2}$",
    "licenseKeys": {"newRelicKey": "abc"},
    "puppetBranch": "main",
    "protectedActions": ["SCHEDULE_ENVIRONMENT"],
    "freeze": ["holidays"],
}


def test_its_item_names_the_account_and_its_number() -> None:
    assert items("EnvironmentType", "Staging", FULL) == {
        "ConfigEnvironmentTypes": {
            "EnvironmentType": "Staging",
            "Value": {
                "SchemaVersion": 5,
                "AWSAccountName": "staging-eu",
                "AWSAccountNumber": "012345670123",
                "NamingPattern": "^c[0-9]{2}$",
                "VpcId": "vpc-1",
                "Subnets": {
                    "PrivateApp": {
                        "AvailabilityZoneA": "subnet-a",
                        "AvailabilityZoneB": "subnet-b",
                    },
                    "PrivateSecure": {
                        "AvailabilityZoneA": "subnet-c",
                        "AvailabilityZoneB": "subnet-d",
                        "Secure": True,
                    },
                },
                "Consul": {
                    "DataCenter": "staging",
                    "Port": 8500,
                    "Servers": ["10.0.0.10"],
                    "SecurityTokenPath": {"Bucket": "secrets", "Key": "consul.json"},
                },
                "DeploymentBucket": "packages",
                "LoadBalancers": ["lb1.acme.example"],
                "LicenseKeys": {"NewRelicKey": "abc"},
                "PuppetBranch": "main",
                "ProtectedActions": ["SCHEDULE_ENVIRONMENT"],
            },
        }
    }


def test_without_its_account_no_number_is_made_up() -> None:
    found = items("EnvironmentType", "Staging", FULL, without(FLEET, ("Account", "staging-eu")))
    assert "AWSAccountNumber" not in found["ConfigEnvironmentTypes"]["Value"]


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"account": ""}, "spec.account", "text of 1 to 255"),
        ({"region": "Ireland"}, "spec.region", "name of an AWS region"),
        ({"namingPattern": "("}, "spec.namingPattern", "is no regular expression"),
        ({"namingPattern": "c)"}, "spec.namingPattern", "is no regular expression"),
        ({"namingPattern": "c{}"}, "spec.namingPattern", "is no regular expression"),
        ({"namingPattern": "(?=c)c"}, "spec.namingPattern", "look-around"),
        ({"namingPattern": "x" * 201}, "spec.namingPattern", "at most 200"),
        ({"namingPattern": r"\w+"}, "spec.namingPattern", r"has \w, which stands for"),
        ({"namingPattern": r"^c\d$"}, "spec.namingPattern", r"has \d, which stands for"),
        ({"namingPattern": r"[a\pL]"}, "spec.namingPattern", r"has \p, which stands for"),
        ({"namingPattern": "c{51}"}, "spec.namingPattern", "repeats something 51 times"),
        ({"namingPattern": "c{1,51}"}, "spec.namingPattern", "repeats something 51 times"),
        ({"namingPattern": "(c{15}){15}"}, "spec.namingPattern", "comes to 225 characters"),
        ({"namingPattern": "(?:ab{9}(?i)c){20}"}, "spec.namingPattern", "comes to 240 characters"),
        ({"namingPattern": "[[]a]{40}{40}"}, "spec.namingPattern", "comes to 1,602 characters"),
        ({"namingPattern": "(?x)a # [\n{9}"}, "spec.namingPattern", "no flag but (?i)"),
        ({"vpcId": None}, "spec.vpcId", "required"),
        ({"subnets": None}, "spec.subnets", "required"),
        (
            {"subnets": {"Public": {"availabilityZoneA": "subnet-a"}}},
            "spec.subnets.Public.availabilityZoneB",
            "required",
        ),
        (
            {"subnets": {"PrivateApp": {"availabilityZoneA": " "}}},
            "spec.subnets.PrivateApp.availabilityZoneA",
            "id of a subnet",
        ),
        ({"consul": {"port": 1024}}, "spec.consul.port", "over 1024"),
        ({"consul": {"port": 65537}}, "spec.consul.port", "up to 65536"),
        ({"consul": {"servers": []}}, "spec.consul.servers", "at least 1"),
        ({"consul": {"servers": ["a b"]}}, "spec.consul.servers.0", "DNS name"),
        ({"consul": {"servers": ["a", "a"]}}, "spec.consul.servers", "something twice"),
        ({"loadBalancers": ["x" * 128]}, "spec.loadBalancers.0", "at most 127"),
        ({"loadBalancers": ["a", "a"]}, "spec.loadBalancers", "something twice"),
        ({"protectedActions": ["delete"]}, "spec.protectedActions.0", "SCHEDULE_ENVIRONMENT"),
    ],
)
def test_what_is_refused(change: dict[str, Any], at: str, words: str) -> None:
    (found,) = complaints("EnvironmentType", "Staging", merge(FULL, change))
    assert found.startswith(f"{at}: ")
    assert words in found


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"loadBalancers": []},
        {"namingPattern": "(?i)^(?:c|(?P<rest>pr))[0-9]{1,3}$"},
        {"namingPattern": r"^c[0-9-]{2,}\.?(a|b){3}$"},
        {"consul": {"port": 65536, "servers": ["consul.acme.example", "10.0.0.1"]}},
        {"subnets": {"MyOwnType": {"availabilityZoneA": "a", "availabilityZoneB": "b"}}},
    ],
)
def test_what_is_accepted(change: dict[str, Any]) -> None:
    spec = merge(FULL, change)
    assert complaints("EnvironmentType", "Staging", spec, mode="environment-manager") == []


def test_what_the_old_product_needs_is_optional_without_it() -> None:
    bare = {"account": "staging-eu", "vpcId": "vpc-1", "subnets": ENVIRONMENT_TYPE["subnets"]}
    assert complaints("EnvironmentType", "Staging", bare) == []
    assert [
        one.partition(";")[0]
        for one in complaints("EnvironmentType", "Staging", bare, mode="environment-manager")
    ] == [
        "spec: consul is missing",
        "spec: deploymentBucket is missing",
        "spec: loadBalancers is missing",
    ]


@pytest.mark.parametrize("name", ["Stag_ing", "-x", "x" * 21])
def test_names_of_another_form_are_refused(name: str) -> None:
    (found,) = complaints("EnvironmentType", name, FULL)
    assert "is no name for this kind" in found


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("c[0-9]{1,2}", "c50", True),
        ("c[0-9]{1,2}", "abc5xyz", True),
        ("^c[0-9]{2}$", "c5", False),
        ("^c[0-9]{2}$", "c50\n", False),
    ],
)
def test_patterns_are_found_anywhere_unless_anchored(
    pattern: str, name: str, *, fits: bool
) -> None:
    assert matches(pattern, name) is fits


def test_a_catastrophic_pattern_costs_no_time() -> None:
    began = time.process_time()
    assert not matches("^(a+)+$", "a" * 250 + "!")
    assert time.process_time() - began < 0.5
