"""A problem between two documents names both of their places, whichever rule finds it."""

from collections.abc import Callable, Mapping

import pytest

from controller.kinds.language.kind import DEFAULT_RULES
from controller.loading.resolve import TracingWorld
from controller.model.ref import Problem, ProblemCode
from controller.views.documents.problem import problem_json
from tests.support.yaml_fleet import EXAMPLES, KINDS, examples, loaded, problems

TYPE, MAPS = "accounts/staging-eu.yaml", "maps/maps.yaml"
C50, ROUTING = "staging/environments.yaml", "staging/c50/routing.yaml"
TWICE = "apiVersion: envctl/v1\nkind: Cluster\nmetadata: {name: Tango}\nspec: {shortName: tt}\n"
DEFAULTS = (
    "apiVersion: envctl/v1\nkind: Defaults\nmetadata: {name: again}\nspec: {Environment: {}}\n"
)

CONSUL = """  consul:
    dataCenter: staging
    port: 8500
    servers: [10.0.0.10, 10.0.0.11, 10.0.0.12]
    securityTokenPath: {bucket: acme-staging-secrets, key: consul.json}
"""

BROKEN: Mapping[str, tuple[tuple[str, str, str], str, set[str]]] = {
    "_name_fits": (
        (TYPE, '"^c[0-9]{2}$"', '"^x[0-9]{2}$"'),
        "does not match the naming pattern",
        {"EnvironmentType/Staging: spec.namingPattern"},
    ),
    "_roles_have_a_place": (
        (TYPE, "    PrivateSecure: {", "    Private: {"),
        "runs in subnets of type 'PrivateSecure'",
        {"DeploymentMap/web: spec.roles[1].subnetTypeName", "EnvironmentType/Staging: spec.subnets"},
    ),
    "_roles_have_a_place, secure": (
        (TYPE, "subnet-0ddd, secure: true", "subnet-0ddd"),
        "are not secure",
        {
            "DeploymentMap/web: spec.roles[1].securityZone",
            "EnvironmentType/Staging: spec.subnets.PrivateSecure",
        },
    ),
    "_roles_have_a_place, zones": (
        (MAPS, "      securityZone: Secure\n", "      securityZone: Secure\n      availabilityZoneName: C\n"),
        "runs in zones C alone",
        {
            "DeploymentMap/web: spec.roles[1].availabilityZoneName",
            "EnvironmentType/Staging: spec.subnets.PrivateSecure",
        },
    ),
    "_roles_have_a_place, role": (
        (C50, "    Web:\n", "    Wbe:\n"),
        "has no role 'Wbe'",
        {"DeploymentMap/web: spec.roles"},
    ),
    "_roles_have_a_place, sizes": (
        (C50, "{minCapacity: 2, desiredCapacity: 6, maxCapacity: 8}", "{desiredCapacity: 7}"),
        "desired 7 is over",
        {"DeploymentMap/web: spec.roles[0].autoScalingSettings"},
    ),
    "_roles_have_a_place, topics": (
        (
            MAPS,
            "      rollout: none\n",
            "      rollout: none\n      notifications: [{topic: 'arn:aws:sns:eu-west-1:111122223333:all', events: [launch]}]\n",
        ),
        "which is not of account 012345670123",
        {"DeploymentMap/web: spec.roles[1].notifications", "Account/staging-eu: spec.accountNumber"},
    ),
    "_roles_make_sense": (
        ("teams/teams.yaml", "  groupEmailAddress: infra@acme.example\n", ""),
        "and Cluster Infra has no groupEmailAddress",
        {"Cluster/Infra: spec"},
    ),
    "_ports_are_the_services": (
        (
            ROUTING,
            "serviceName: Search, liveSlice: blue}",
            "serviceName: Search, hosts: [{dnsName: a.example, port: 1234, state: up}]}",
        ),
        "Host port 1234 does not match",
        {"Service/Search: spec.bluePort"},
    ),
    "_ports_are_the_services, none": (
        ("services/services.yaml", "  bluePort: 40012\n", ""),
        "needs the blue port of Service Search",
        {"Service/Search: spec"},
    ),
    "_consul_is_there": (
        (TYPE, CONSUL, ""),
        "is a Consul service",
        {"Environment/c50: spec.Environment.environmentType", "EnvironmentType/Staging: spec"},
    ),
    "_has_load_balancers": (
        (TYPE, "  loadBalancers: [lb1.staging.acme.example, lb2.staging.acme.example]\n", ""),
        "has no loadBalancers",
        {"Environment/c50: spec.Environment.environmentType", "EnvironmentType/Staging: spec"},
    ),
    "_proxies_lead_somewhere": (
        (ROUTING, "http://cm1-Auth ", "http://pr1-Search "),
        "belongs to EnvironmentType Prod",
        {
            "Upstream/pr1-Search: spec.environmentName",
            "Environment/pr1: spec.Environment.environmentType",
            "Environment/c50: spec.Environment.environmentType",
        },
    ),
    "_other_programs_read_it": (
        ("schedules/schedules.yaml", "Europe/London", "Europe/London"),
        "cannot be written as an expression",
        {"Calendar/england-holidays: spec.dates", "Calendar/year-end: spec.dates"},
    ),
}  # fmt: skip
"""Rule -> an edit (file, text, text instead) of the example fleet that breaks it, what is said, and where else it points."""

TELLS_OF_NONE = {"_names_exist"}
"""Rules that ask of other objects and tell only that there is none: nothing else has a place."""


@pytest.mark.parametrize("rule", BROKEN)
def test_what_a_rule_finds_between_documents_has_the_places_of_all(rule: str) -> None:
    (path, text, instead), said, places = BROKEN[rule]
    texts = examples()
    assert text in texts[path]
    texts[path] = texts[path].replace(text, instead, 1)

    found = [problem for problem in problems(texts) if said in problem.message]

    assert found, "\n".join(map(str, problems(texts)))
    named = {f"{place.document}: {place.path}" for problem in found for place in problem.related}
    assert named >= places
    _assert_each_form_says_it(found)


def test_every_rule_that_asks_of_other_documents_is_among_them() -> None:
    fleet = loaded(examples())
    world = TracingWorld(fleet.memory.facts, *DEFAULT_RULES)
    asking = set()
    for ref in fleet.resources:
        for rule in KINDS[ref.kind].rules:
            world.asked = []
            list(rule(ref, fleet.memory.facts[ref], world))
            if world.asked:
                asking.add(getattr(rule, "__name__", ""))

    assert asking == {rule.partition(",")[0] for rule in BROKEN} | TELLS_OF_NONE


@pytest.mark.parametrize(
    ("path", "edited", "code", "place"),
    [
        ("z.yaml", lambda _: TWICE, ProblemCode.DUPLICATE, "teams/teams.yaml:12:18: Cluster/Tango: metadata.name"),
        ("staging/z.yaml", lambda _: DEFAULTS, ProblemCode.DUPLICATE, "staging/defaults.yaml:7:5: Defaults: spec.Environment"),
        (
            "services/services.yaml",
            lambda text: text.replace("bluePort: 40014", "bluePort: 40012"),
            ProblemCode.DUPLICATE,
            "services/services.yaml:7:13: Service/Search: spec.bluePort",
        ),
        (
            C50,
            lambda text: text.replace("metadata: {name: c49}", "metadata: {name: c49, unmanaged: [Cluster/Tango]}"),
            ProblemCode.INVALID_VALUE,
            "teams/teams.yaml:12:18: Cluster/Tango: metadata.name",
        ),
    ],
    ids=["object", "defaults", "value", "unmanaged"],
)  # fmt: skip
def test_what_two_documents_may_not_say_both_has_the_place_of_the_other(
    path: str, edited: Callable[[str], str], code: ProblemCode, place: str
) -> None:
    texts = examples()
    texts[path] = edited(texts.get(path, ""))

    found = [problem for problem in problems(texts) if problem.code is code and problem.related]

    assert [str(other) for problem in found for other in problem.related] == [place]
    _assert_each_form_says_it(found)


def _assert_each_form_says_it(found: list[Problem]) -> None:
    """Hold each problem's other places to lines of its files, in text and in JSON."""
    for problem in found:
        assert problem.related
        for place, shown in zip(problem.related, problem_json(problem)["related"], strict=True):
            assert place.origin.line > 0
            assert place.origin.column > 0
            assert (EXAMPLES / place.origin.path).is_file()
            assert f"  see {place}\n" in f"{problem}\n"
            assert (shown["path"], shown["line"], shown["column"]) == place.origin
            assert (shown["document"], shown["field"]) == (place.document, place.path)
