"""Hypothesis strategies for whole fleets that are right: documents that refer to each other, of every kind."""

from typing import Any

from hypothesis import strategies as st

Json = Any
Documents = dict[tuple[str, str], dict[str, Json]]
"""(kind, name) -> {"metadata": …, "spec": …}."""

WORDS = st.sampled_from(
    ["on", "off", "yes", "012", "1e3", "19:00", "null", "é ñ", "a: b", "#x", "- y"]
)
TEXTS = (
    st.text(
        st.characters(
            exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff"
        ),
        min_size=1,
        max_size=20,
    )
    | WORDS
)
"""Texts that JSON holds as they are and YAML reads so."""
EXPRESSIONS = st.sampled_from(
    [
        "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 1,2,3,4,5 | Europe/London",
        "start: 0 8 * * 1-5; stop: 0 19 * * 1-5",
        "Start: 0 8 1 * *; Stop: 0 19 * * *",
        "247",
    ]
)
ROLES = ("Web", "Db", "Batch")
SERVICES = ("Search", "Checkout", "Auth")
CLUSTERS = ("Tango", "Infra")


def optional(**fields: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    """Return maps with any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


SIZES = st.lists(st.integers(0, 9), min_size=3, max_size=3).map(
    lambda found: dict(
        zip(("minCapacity", "desiredCapacity", "maxCapacity"), sorted(found), strict=True)
    )
)
SCHEDULES = st.one_of(
    st.sampled_from(["on", "off", "noschedule", "office-hours"]),
    st.builds(lambda text: {"mode": "automatic", "expression": text}, EXPRESSIONS),
    st.builds(lambda text: {"mode": "on", "expression": text}, EXPRESSIONS),
    st.just({"use": "office-hours"}),
)
ROLE_FIELDS = {
    "owningCluster": st.sampled_from(CLUSTERS),
    "instanceType": st.sampled_from(["t2.medium", "m6i.large"]),
    "securityZone": st.sampled_from(["Other", "Public"]),
    "availabilityZoneName": st.sampled_from(["A", "AB", ["A", "B"], "*"]),
    "terminationDelay": st.integers(0, 5),
    "fleetPerSlice": st.booleans(),
    "volumes": st.just([{"name": "OS", "size": 80, "type": "Disk"}]),
    "projectCodeTag": st.from_regex(r"[A-Za-z0-9@._:,/+-]{1,20}", fullmatch=True),
    "services": st.lists(st.sampled_from(SERVICES), unique=True, max_size=2),
    "rollout": st.sampled_from(
        ["none", {"instanceRefresh": {}}, {"instanceRefresh": {"minHealthyPercent": 90}}]
    ),
    "whenOff": st.sampled_from(["standby", "scaleToZero"]),
    "schedule": SCHEDULES,
    "scalingSchedules": st.just([{"recurrence": "0 8 * * 1-5", "desiredCapacity": 3}]),
}


OF_LIVE_GROUPS = {
    "instanceType": st.sampled_from(["t2.medium", "m6i.large"]),
    "availabilityZoneName": st.sampled_from(["A", "*"]),
    "terminationDelay": st.integers(0, 5),
    "volumes": st.just([{"name": "OS", "size": 80}, {"name": "Data", "size": 0}]),
    "instanceProfileName": st.just("by-hand"),
    "securityGroups": st.just(["sgA", "sgB"]),
    "clusterKeyName": st.just("by-hand"),
    "puppetRole": st.just("web"),
    "userData": st.just("first-boot"),
    "notifications": st.sampled_from(
        [[], [{"topic": "told"}], [{"topic": "told", "events": ["launch", "terminate"]}]]
    ),
    "scalingSchedules": st.sampled_from(
        [[], [{"recurrence": "0 7 * * *", "timezone": "Europe/London", "minCapacity": 0}]]
    ),
}
"""What an environment's groups may have otherwise than its map."""


@st.composite
def fleets(draw: st.DrawFn) -> Documents:
    """Return the documents of a fleet, as authored."""
    found: Documents = {}

    def add(kind: str, name: str, spec: dict[str, Json]) -> None:
        labels = draw(
            optional(
                labels=st.dictionaries(
                    st.sampled_from(["team", "on"]), TEXTS, min_size=1, max_size=1
                )
            )
        )
        found[kind, name] = {"metadata": {"name": name, **labels}, "spec": spec}

    for cluster, short in zip(CLUSTERS, ("ta", "in"), strict=True):
        more = draw(optional(keyPair=TEXTS, groupEmailAddress=st.just("team@acme.example")))
        add("Cluster", cluster, {"shortName": short, "groupEmailAddress": "a@acme.example", **more})
    add(
        "NotificationSettings",
        "team-x",
        {"notificationEmail": ["x@acme.example"], "paging": ["012"]},
    )
    add("Schedule", "office-hours", draw(_schedules()))
    add("Calendar", "holidays", {"dates": [{"date": "2027-03-26", "name": draw(TEXTS)}]})
    add("Template", "first-boot", {"text": "#!/bin/sh\n\techo {{ environment }}\n"})
    add(
        "Permission",
        "ada@acme",
        {"permissions": [{"resource": "/config/*", "access": "PUT"}, {"cluster": "tango"}]},
    )
    add("Account", "eu", draw(_accounts()))
    for place, name in enumerate(SERVICES):
        add("Service", name, draw(_services(40000 + 2 * place)))
    for name in ("Staging", "Prod"):
        add("EnvironmentType", name, draw(_types()))
    for name in ("web", "small"):
        add("DeploymentMap", name, draw(_maps()))
    for name in draw(st.lists(st.sampled_from(["c1", "c2", "c3", "c4"]), unique=True)):
        _add_environment(draw, add, name, found)
    return found


def _add_environment(draw: st.DrawFn, add: Any, name: str, found: Documents) -> None:
    spec: dict[str, Json] = {
        "environmentType": draw(st.sampled_from(["Staging", "Prod"])),
        "owningCluster": draw(st.sampled_from(CLUSTERS)),
        "deploymentMap": draw(st.sampled_from(["web", "small"])),
    }
    roles = [
        role["serverRoleName"]
        for role in found["DeploymentMap", spec["deploymentMap"]]["spec"]["roles"]
    ]
    override = optional(
        ami=st.just("web-1.4.3"),
        enabled=st.booleans(),
        autoScalingSettings=SIZES,
        schedule=SCHEDULES,
        **OF_LIVE_GROUPS,
    )
    spec |= draw(
        optional(
            alertSettings=st.sampled_from(["EnvironmentOwner", "ServiceOwner"]),
            description=TEXTS,
            schedule=SCHEDULES,
            maintenance=st.booleans(),
            deploymentsLocked=st.booleans(),
            lifecycle=st.sampled_from(["active", "retired"]),
            roles=st.dictionaries(st.sampled_from(roles), override, max_size=2),
        )
    )
    add("Environment", name, spec)
    for service in draw(st.lists(st.sampled_from(SERVICES), unique=True, max_size=2)):
        add(
            "Upstream",
            f"{name}-{service}",
            {"environmentName": name, "serviceName": service, **draw(_upstreams())},
        )
        if draw(st.booleans()):
            add("LoadBalancerSetting", f"www.{name}.{service}.example", _host(name, service))


def _host(name: str, service: str) -> dict[str, Json]:
    return {
        "environmentName": name,
        "listen": [443],
        "serverName": [f"{name}.acme.example"],
        "frontEnd": True,
        "locations": [{"path": "/", "proxyPass": f"http://{name}-{service}", "priority": 1}],
    }


def _upstreams() -> st.SearchStrategy[dict[str, Json]]:
    return optional(
        liveSlice=st.sampled_from(["blue", "green", "external"]),
        zoneSize=st.sampled_from(["128k", "64k"]),
        slowStart=st.just("30s"),
        upstreamKeepalives=st.sampled_from([32, 64]),
    )


def _schedules() -> st.SearchStrategy[dict[str, Json]]:
    return st.sampled_from(
        [
            {"expression": "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"},
            {
                "timezone": "Europe/London",
                "periods": [{"days": "mon-fri", "from": "08:00", "to": "19:00"}],
            },
            {
                "periods": [{"days": ["sat"], "from": "10:00", "to": "24:00"}],
                "except": ["holidays"],
            },
        ]
    )


def _accounts() -> st.SearchStrategy[dict[str, Json]]:
    number = "012345670123"
    return st.builds(
        lambda more: {"accountNumber": number, **more},
        optional(
            includeAmis=st.booleans(),
            roleArn=st.just(f"arn:aws:iam::{number}:role/roleInfraEnvironmentManagerChild"),
            externalId=st.just("secretsmanager://envctl/external-ids#a"),
            regions=st.just(["eu-west-1"]),
        ),
    )


def _services(port: int) -> st.SearchStrategy[dict[str, Json]]:
    return st.builds(
        lambda owner, more: {
            "owningCluster": owner,
            "bluePort": port,
            "greenPort": port + 1,
            **more,
        },
        st.sampled_from(CLUSTERS),
        optional(
            description=TEXTS,
            isOne=st.booleans(),
            applicationId=st.just("01234"),
            dependencies=st.lists(st.builds(lambda name: {"name": name}, TEXTS), max_size=2),
            tags=st.lists(st.builds(lambda value: {"key": "k", "value": value}, TEXTS), max_size=1),
        ),
    )


def _types() -> st.SearchStrategy[dict[str, Json]]:
    subnets = {"availabilityZoneA": "subnet-0a", "availabilityZoneB": "subnet-0b"}
    consul = {
        "dataCenter": "staging",
        "port": 8500,
        "servers": ["10.0.0.10"],
        "securityTokenPath": {"bucket": "b", "key": "k"},
    }
    return st.builds(
        lambda more: {
            "account": "eu",
            "vpcId": "vpc-0a",
            "subnets": {"PrivateApp": subnets},
            "consul": consul,
            "loadBalancers": ["lb1.acme.example"],
            **more,
        },
        optional(
            region=st.just("eu-west-1"),
            namingPattern=st.just("^c[0-9]$"),
            licenseKeys=st.just({"newRelicKey": "s3cret"}),
            freeze=st.just(["holidays"]),
            protectedActions=st.just(["BULK_PATCH_AMI"]),
        ),
    )


@st.composite
def _maps(draw: st.DrawFn) -> dict[str, Json]:
    roles = [
        {
            "serverRoleName": name,
            "owningCluster": draw(st.sampled_from(CLUSTERS)),
            "ami": draw(st.sampled_from(["web-1.4.2", "linux-base", "ami-0123456789abcdef0"])),
            "autoScalingSettings": draw(SIZES),
            **draw(optional(**ROLE_FIELDS)),
        }
        for name in draw(st.lists(st.sampled_from(ROLES), unique=True, min_size=1))
    ]
    return {**draw(optional(roleDefaults=st.just({"puppetRole": "web"}))), "roles": roles}
