"""What doctor found, in words and as JSON."""

from dataclasses import replace

import pytest

from controller import __version__
from controller.aws.errors import NotFound, RoleNotReady, TableMissing
from controller.engine.queries.doctor.report import Check, Health, check_of_error, exit_code
from controller.errors import AccessDenied, EnvctlError, SourceUnavailable, Throttled, WrongUsage
from controller.views.doctor import doctor_json, doctor_lines
from controller.views.style import plain
from tests.support.documents import printed

ENVELOPE = {"formatVersion": 1, "controllerVersion": __version__, "document": "doctor"}
OK = Check("config", "owner", Health.OK, "nobody")
LACKS = Check("staging/eu", "role", Health.LACKS, "names no role", "write its roleArn")
UNKNOWN = Check("staging/eu", "look", Health.UNKNOWN, "throttled")
UNTRIED = Check("staging/eu", "permissions", Health.NOT_PROBED, "iam:PassRole")


@pytest.mark.parametrize(
    ("error", "health", "because"),
    [
        (RoleNotReady("x"), Health.LACKS, "somebody must make the role"),
        (AccessDenied("x"), Health.LACKS, "somebody must give the permission"),
        (TableMissing("x"), Health.LACKS, "somebody must run bootstrap"),
        (NotFound("x"), Health.LACKS, "somebody must make what is named"),
        (WrongUsage("x"), Health.LACKS, "somebody must mend the settings"),
        (Throttled("x"), Health.UNKNOWN, "it passes"),
        (SourceUnavailable("x"), Health.UNKNOWN, "it may pass"),
    ],
)
def test_an_error_is_a_finding(error: EnvctlError, health: Health, because: str) -> None:
    assert check_of_error("a", "b", error).health is health, because


def test_an_error_says_what_and_what_to_do() -> None:
    error = AccessDenied(
        "role r cannot be assumed", detail="  AWS says: no", fix="deploy it\n  then: again"
    )

    found = check_of_error("a", "b", error)

    assert (found.what, found.fix) == (
        "role r cannot be assumed; AWS says: no",
        "deploy it\nthen: again",
    )


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ((), 0),
        ((OK, UNTRIED), 0),
        ((OK, LACKS), 7),
        ((OK, UNKNOWN), 5),
        ((LACKS, UNKNOWN), 5),
    ],
)
def test_the_exit_code_is_the_first_in_the_order_of_all_commands(
    checks: tuple[Check, ...], code: int
) -> None:
    assert exit_code(checks) == code


def test_people_read_what_to_do_below_what_lacks() -> None:
    two = Check(
        "staging/eu", "role", Health.LACKS, "names no role", "write its roleArn\nthen again"
    )

    assert plain(doctor_lines((OK, two, UNTRIED))) == (
        "config\n"
        "  ok          owner        nobody\n"
        "\n"
        "staging/eu\n"
        "  lacks       role         names no role\n"
        "                           → write its roleArn\n"
        "                             then again\n"
        "  not probed  permissions  iam:PassRole\n"
        "\n"
        "1 ok · 1 lacks · 1 not probed\n"
    )


def test_a_long_list_that_asks_for_nothing_is_cut_for_people() -> None:
    many = ", ".join(f"autoscaling:Action{n}" for n in range(30))
    long = replace(UNTRIED, what=many)

    said = plain(doctor_lines((long,)))

    assert said.splitlines()[1].endswith("autoscaling:Action6, … (all: --format json)")
    assert printed("doctor", doctor_json((long,)))["checks"][0]["what"] == many
    assert many in plain(doctor_lines((replace(long, health=Health.LACKS),)))


def test_programs_get_the_same() -> None:
    assert printed("doctor", doctor_json((LACKS,))) == {
        **ENVELOPE,
        "exitCode": 7,
        "checks": [
            {
                "where": "staging/eu",
                "of": "role",
                "health": "lacks",
                "what": "names no role",
                "fix": "write its roleArn",
            }
        ],
    }
