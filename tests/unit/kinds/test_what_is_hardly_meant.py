"""What can be read and is hardly meant is warned of, and a document may say that it is meant after all."""

from typing import get_args

import pytest

from controller.model.ref import ACKNOWLEDGEABLE, Acknowledgeable, Problem, ProblemCode
from tests.support.yaml_fleet import examples, problems

SCHEDULE = "apiVersion: envctl/v1\nkind: Schedule\nmetadata: {name: late}\nspec: {%s}\n"
PERIODS = "periods: [{days: mon-fri, from: 08:00, to: 19:00}]"


def found_with(path: str, old: str, new: str) -> list[Problem]:
    """Return what is told of the example fleet with one text of a file replaced, besides what is told of it anyway."""
    texts = examples()
    assert old in texts[path]
    known = problems(texts)
    texts[path] = texts[path].replace(old, new, 1)
    return [problem for problem in problems(texts) if problem not in known]


def found_of(spec: str, metadata: str = "{name: late}") -> list[Problem]:
    return list(problems({"s.yaml": (SCHEDULE % spec).replace("{name: late}", metadata)}))


@pytest.mark.parametrize(
    ("path", "old", "new", "code", "fix"),
    [
        ("accounts/staging-eu.yaml", "region: eu-west-1", "region: eu-wst-1", ProblemCode.UNKNOWN_REGION, "'eu-west-1'?"),
        ("accounts/prod-eu.yaml", "  mode: observe", "  regions: [eu-west-9]\n  mode: observe", ProblemCode.UNKNOWN_REGION, "'eu-west-"),
        ("maps/maps.yaml", "m6i.large", "m6i.lrge", ProblemCode.UNKNOWN_INSTANCE_TYPE, "'m6i.large'?"),
        ("staging/environments.yaml", "use: office-hours-and-saturday", "use: office-hours", None, ""),
        ("staging/environments.yaml", "mode: automatic, use:", "mode: on, use:", ProblemCode.NOT_FOLLOWED, "remove use"),
        ("staging/environments.yaml", "; stop: 0 22 * * 1-5", "", ProblemCode.NEVER_STOPS, "add one"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant_is_warned_of(
    path: str, old: str, new: str, code: ProblemCode | None, fix: str
) -> None:
    found = found_with(path, old, new)

    assert [problem.code for problem in found] == ([code] if code else [])
    for problem in found:
        assert problem.warning
        assert fix in str(problem.fix)
        assert f"acknowledged: [{code}]" in str(problem)


TOPIC = "notifications: [{topic: 'arn:aws:sns:eu-west-1:%s:scaling'}]"
OWN, OTHER = "012345670123", "210987654321"


@pytest.mark.parametrize(
    ("of_map", "of_c50", "places"),
    [
        (TOPIC % OTHER, "", ["spec.Environment.deploymentMap", "spec.roles.Web"]),
        (TOPIC % OWN, "", []),
        ("notifications: [{topic: scaling}]", "", []),
        (TOPIC % OTHER, TOPIC % OWN, ["spec.Environment.deploymentMap"]),
        (TOPIC % OWN, TOPIC % OTHER, ["spec.roles.Web"]),
        (
            "notifications: [{topic: 'arn:nothing'}]",
            "notifications: []",
            ["spec.Environment.deploymentMap"],
        ),
    ],
)
def test_a_topic_of_another_account_than_the_environments_is_warned_of(
    of_map: str, of_c50: str, places: list[str]
) -> None:
    texts = examples()
    known = problems(texts)
    for path, old, new in (
        ("maps/maps.yaml", "      terminationDelay: 3\n", f"      {of_map}\n"),
        ("staging/environments.yaml", "      ami: web-1.4.3\n", f"      {of_c50}\n"),
    ):
        assert old in texts[path]
        texts[path] = texts[path].replace(old, f"{old}{new}", 1)
    found = [problem for problem in problems(texts) if problem not in known]

    # Environments of prod are of the same map, and their account is the other.
    staging = {str(one.path) for one in found if str(one.origin).startswith("staging/")}
    assert sorted(staging) == places
    assert all(problem.code == ProblemCode.OTHER_ACCOUNT and problem.warning for problem in found)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (f"timezone: CET, {PERIODS}", "CET is an old name for the clock of Europe/Brussels"),
        (f"timezone: gb, {PERIODS}", "GB is an old name for the clock of Europe/London"),
        ("expression: 'start: 0 8 * * *; stop: 0 9 * * * | EST5EDT'", "EST5EDT is an old name for"),
        (f"timezone: UTC, {PERIODS}", ""),
        (f"timezone: Etc/GMT+5, {PERIODS}", ""),
    ],
)
def test_a_time_zone_is_named_by_a_place(spec: str, message: str) -> None:
    found = found_of(spec)

    assert [problem.code for problem in found] == ([ProblemCode.ZONE_ALIAS] if message else [])
    assert all(message in problem.message and problem.warning for problem in found)


@pytest.mark.parametrize(
    ("zone", "fix"),
    [
        ("GMT+1", "Etc/GMT-1 for this offset all year"),
        ("UTC-05:00", "Etc/GMT+5"),
        ("+2", "Etc/GMT-2"),
        ("UTC+14", "write the place whose clock is meant, such as Europe/London"),
        ("Europe/Lodnon", "did you mean 'Europe/London'?"),
    ],
)
def test_an_offset_is_no_time_zone(zone: str, fix: str) -> None:
    [problem] = found_of(f"timezone: '{zone}', {PERIODS}")

    assert not problem.warning
    assert fix in str(problem.fix)


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("yes", "write on, or the name of a Schedule"),
        ("'No'", "write off, or the name of a Schedule"),
        ("0 8 * * 1-5", 'write schedule: {expression: "start: 0 8 * * 1-5; stop: …"}'),
        ("'start: 0 8 * * 1-5'", 'write schedule: {expression: "start: 0 8 * * 1-5"}'),
    ],
)
def test_what_stands_in_the_place_of_a_schedules_name_is_told_once(written: str, fix: str) -> None:
    old = "schedule: {mode: automatic, use: office-hours-and-saturday}"
    [problem] = found_with("staging/environments.yaml", old, f"schedule: {written}")

    assert problem.fix == fix


def test_what_is_acknowledged_is_not_told() -> None:
    spec = f"timezone: CET, {PERIODS}"

    assert found_of(spec, "{name: late, acknowledged: [zoneAlias]}") == []
    assert len(found_of(spec, "{name: late, acknowledged: [neverStops]}")) == 1


def test_an_error_cannot_be_acknowledged() -> None:
    [problem] = found_of(f"timezone: CET, {PERIODS}", "{name: late, acknowledged: [invalidValue]}")

    assert not problem.warning
    assert problem.path == "metadata.acknowledged[0]"


def test_what_may_be_acknowledged_are_codes_of_problems() -> None:
    assert {ProblemCode(code) for code in get_args(Acknowledgeable)} == ACKNOWLEDGEABLE
