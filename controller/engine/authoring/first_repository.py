"""The files of a repository that begins: settings, a first account with all that one environment in it needs, and its check in CI.

What only its author knows is asked for; everything else is what the reference calls usual, to be edited later.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from controller.kinds.language.kind import API_VERSION
from controller.loading.yaml_text import scalar_text

FLEET: Final = "fleet"
"""Folder of the documents, which the settings name as the source."""
SETTINGS: Final = "envctl.yaml"
OFFICE_HOURS: Final = "office-hours"
"""The Schedule that is always written, whichever one the environment follows."""


class Question(NamedTuple):
    """``usual`` is the answer where nobody gives one; None: somebody has to. ``such_as`` is one that somebody might give."""

    text: str
    usual: str | None = None
    such_as: str = ""


QUESTIONS: Final[Mapping[str, Question]] = {
    "region": Question("AWS region of the tables, and of the first environment", "eu-west-1"),
    "account": Question("What people call the first account", "staging"),
    "account_number": Question("Its number, 12 digits", such_as="012345670123"),
    "team": Question("The team that owns the first environment", "Platform"),
    "email": Question(
        "The team's e-mail address, a tag of its instances", such_as="team@acme.example"
    ),
    "type": Question("The environment type: account and network together", "Staging"),
    "vpc": Question("The VPC of the type, such as vpc-0f1e2d3c", such_as="vpc-0f1e2d3c"),
    "subnet_a": Question("Its subnet in availability zone A", such_as="subnet-0aaa"),
    "subnet_b": Question("Its subnet in availability zone B", such_as="subnet-0bbb"),
    "map": Question("The deployment map: what an environment is made of", "web"),
    "role": Question("The first server role of the map", "Web"),
    "image": Question(
        "Its image: ami-…, a name with version (web-1.4.2), or a type (web)", such_as="web"
    ),
    "environment": Question("The first environment", "dev1"),
    "schedule": Question(
        f"When its instances run: on, off, noschedule or {OFFICE_HOURS}", such_as=OFFICE_HOURS
    ),
    "timezone": Question(f"Time zone of {OFFICE_HOURS}", "Europe/London"),
}
"""Name of the answer -> what is asked, in the order of the questions."""


def stand_ins() -> dict[str, str]:
    """Return an answer to each question, with which the files load: what stands there while others are judged."""
    return {
        name: one.such_as if one.usual is None else one.usual for name, one in QUESTIONS.items()
    }


def first_repository(answers: Mapping[str, str], *, ci: str) -> dict[str, str]:
    """Return path -> text. ``answers`` has one to every question; ``ci`` is ``github``, ``gitlab`` or ``none``.

    The answers are written as they are: whether they are right is for loading the files to say.
    """
    # As YAML: whatever was answered stays one text.
    written = {name: scalar_text(answer) for name, answer in answers.items()}
    texts = {
        f"{FLEET}/accounts/{_file(answers['account'])}.yaml": ("document", _ACCOUNT),
        f"{FLEET}/teams/teams.yaml": ("cluster", _TEAM),
        f"{FLEET}/schedules/schedules.yaml": ("schedule", _SCHEDULES),
        f"{FLEET}/maps/{_file(answers['map'])}.yaml": ("deployment-map", _MAP),
        f"{FLEET}/environments/{_file(answers['environment'])}.yaml": ("environment", _ENVIRONMENT),
    }
    head = "# yaml-language-server: $schema="
    documents = {
        path: f"{head}../../schemas/{schema}.schema.json\n"
        + text.format(**written, api=API_VERSION, short=_short(answers["team"]))
        for path, (schema, text) in texts.items()
    }
    settings = _SETTINGS.format(**written, fleet=FLEET)
    return {
        SETTINGS: f"{head}schemas/settings.schema.json\n{settings}",
        **documents,
        **_CI[ci],
    }


def _file(name: str) -> str:
    """Return a name as that of a file: what a path would give a meaning is taken out."""
    return "".join(c for c in name if c.isalnum() or c in "-_.").lstrip(".") or "unnamed"


def _short(team: str) -> str:
    """Return two letters for the names of groups: ``pl`` of Platform."""
    letters = [letter for letter in team.lower() if letter.isascii() and letter.isalpha()]
    return scalar_text("".join([*letters, *"te"[len(letters) :]][:2]))


_SETTINGS = """\
region: {region}
source: {{folder: {fleet}}}            # once it is pushed: {{git: {{url: "https://HOST/REPOSITORY", ref: main, path: {fleet}}}}}
"""

_ACCOUNT = """\
apiVersion: {api}
kind: Account
metadata: {{name: {account}}}
spec:
  accountNumber: {account_number}
  mode: observe                       # nothing is changed there; take it off when a plan says what you want
---
apiVersion: {api}
kind: EnvironmentType
metadata: {{name: {type}}}
spec:
  account: {account}
  region: {region}
  vpcId: {vpc}
  subnets:
    PrivateApp: {{availabilityZoneA: {subnet_a}, availabilityZoneB: {subnet_b}}}
"""

_TEAM = """\
apiVersion: {api}
kind: Cluster
metadata: {{name: {team}}}
spec:
  shortName: {short}                       # part of the names of groups
  groupEmailAddress: {email}
"""

_SCHEDULES = """\
apiVersion: {api}
kind: Schedule
metadata: {{name: office-hours}}
spec:
  timezone: {timezone}
  periods:
    - {{days: mon-fri, from: 08:00, to: 19:00}}
"""

_MAP = """\
apiVersion: {api}
kind: DeploymentMap
metadata: {{name: {map}}}
spec:
  roles:
    - serverRoleName: {role}
      owningCluster: {team}
      ami: {image}
      instanceType: t3.medium
      subnetTypeName: PrivateApp
      autoScalingSettings: {{minCapacity: 1, desiredCapacity: 1, maxCapacity: 2}}
"""

_ENVIRONMENT = """\
apiVersion: {api}
kind: Environment
metadata: {{name: {environment}}}
spec:
  environmentType: {type}
  owningCluster: {team}
  deploymentMap: {map}
  schedule: {schedule}
"""

_GITHUB = """\
# Every change is validated before it is merged. To have plans as comments too: docs/how-to/review-pull-requests.md
name: envctl
on:
  pull_request:
  push: {branches: [main]}
permissions: {contents: read}
jobs:
  validate:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with: {persist-credentials: false}
      - uses: actions/setup-python@0b93645e9fea7318ecaed2b359559ac225c90a2b # v5.3.0
        with: {python-version: "3.12"}
      # A variable of the repository: where the wheel lies that `make wheel` made, or git+https://HOST/environment-controller@COMMIT
      - run: python -m pip install "$ENVCTL_WHEEL"
        env: {ENVCTL_WHEEL: "${{ vars.ENVCTL_WHEEL }}"}
      - run: envctl --config envctl.yaml validate
"""

_GITLAB = """\
# Every change is validated before it is merged. To have plans as comments too: docs/how-to/review-pull-requests.md
validate:
  image: python:3.12
  script:
    # A variable of the project: where the wheel lies that `make wheel` made, or git+https://HOST/environment-controller@COMMIT
    - python -m pip install "$ENVCTL_WHEEL"
    - envctl --config envctl.yaml validate
"""

_CI: Final[Mapping[str, Mapping[str, str]]] = {
    "github": {".github/workflows/envctl.yaml": _GITHUB},
    "gitlab": {".gitlab-ci.yml": _GITLAB},
    "none": {},
}
