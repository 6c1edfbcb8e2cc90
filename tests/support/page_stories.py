"""Where somebody stands who follows a page of docs/how-to: what was typed before, and what stands in the reader's case for what the page has as an example."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

FLEET: Final = """
git init --quiet --initial-branch=main fleet && cp -r "$ROOT"/examples/fleet/. fleet
git -C fleet add --all && git -C fleet commit --quiet --message "The fleet as it is"
"""
INSTALLED: Final = """
envctl bootstrap && envctl apply --scope config
"""
"""The tables are as the fleet says."""
SETTINGS: Final = """
source: {git: {url: "file:///tmp/fleet", ref: main}}
snapshots: {folder: /tmp/snapshots}
"""
TABLES_ONLY: Final = "targets: {groups: off, scaling-schedules: off, power: off}\n"
CONTRACTORS: Final = """
for n in 1 2 3 4 5 6 7 8; do printf -- '---\\napiVersion: envctl/v1\\nkind: Permission\\nmetadata: {name: contractor-%s}
spec: {permissions: [{resource: "/config/services/*", access: PUT}]}\\n' $n; done > fleet/teams/contractors.yaml
git -C fleet add teams && git -C fleet commit --quiet --message Contractors && envctl apply
git -C fleet rm --quiet teams/contractors.yaml && git -C fleet commit --quiet --message "Tidy up"
"""
BY_ANOTHER: Final = """
aws dynamodb update-item --table-name InfraConfigServices --key '{"ServiceName": {"S": "Search"}}' \\
  --update-expression 'SET #v.OwningCluster = :c' --expression-attribute-names '{"#v": "Value"}' \\
  --expression-attribute-values '{":c": {"S": "Infra"}}'
"""
SEARCH_LOST: Final = """
aws dynamodb delete-item --table-name InfraConfigServices --key '{"ServiceName": {"S": "Search"}}'
"""
EDITED: Final = """
sed -i '/name: Checkout/,/owningCluster/s/Tango/Infra/' fleet/services/services.yaml
git -C fleet commit --quiet --all --message "Infra has Checkout"
"""
NEWEST: Final = """
newest() { envctl audit list "$@" --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["records"][0]["transaction"])'; }
"""


@dataclass(frozen=True)
class Story:
    """A reader of one page.

    ``before`` is typed first, in a folder with the settings and the AWS of the sandbox; ``instead`` is what stands for an
    example of the page, as the shell has it; ``first`` is typed before the command that begins so, which is an expression.
    """

    before: str = FLEET + INSTALLED
    settings: str = SETTINGS + TABLES_ONLY
    instead: Mapping[str, str] = field(default_factory=dict)
    first: Mapping[str, str] = field(default_factory=dict)


BUCKET: Final = """aws s3api create-bucket --create-bucket-configuration '{"LocationConstraint": "eu-west-1"}' --bucket """
CLONED: Final = "\ncd fleet\n"
"""The reader is in the checkout."""
ENFORCED: Final = """
targets: {groups: enforce, scaling-schedules: enforce, power: enforce}
guards: {maxInstancesLaunched: 50, maxStopsByEdit: 50}
power: {graceSeconds: 0, lookAgainSeconds: 1.0}
"""
OFF_AT_NIGHT: Final = """
sed -i 's/{mode: automatic, use: office-hours-and-saturday}/on/' fleet/staging/environments.yaml
envctl bootstrap
envctl apply --source fleet --scope config
envctl apply --source fleet --scope staging-eu/eu-west-1
git -C fleet checkout --quiet .
sed -i '/name: office-hours-and-saturday/,$ {/^spec:/,$ d}' fleet/schedules/schedules.yaml
echo 'spec: {expression: "stop: 0 0 * * * | Europe/London"}' >> fleet/schedules/schedules.yaml
git -C fleet commit --quiet --all --message "Off"
envctl apply
envctl apply
"""
"""The instances of c50 were on, and are off by a schedule of its name that never says otherwise."""
SCRIPT: Final = """
sed -n '/^```python$/,/^```$/ {/^```/d; p}' "$ROOT"/docs/how-to/find-who-changed-what.md > check_export.py
envctl audit anchor
"""
HEAD_LOST: Final = """
aws dynamodb delete-item --table-name EnvctlState --key '{"Id": {"S": "head#config"}}'
"""
ONE_MORE: Final = """
envctl override Service/Search --until +3h --reason mine
ID=$(envctl override list --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["overrides"][0]["id"])')
"""

REQUESTS: Final = """
git -C fleet checkout --quiet -b theirs
sed -i 's/Finds things/other words/' fleet/services/services.yaml
git -C fleet commit --quiet --all --message "Words"
git -C fleet checkout --quiet -b mine main
sed -i 's/Finds things/new words/' fleet/services/services.yaml
sed -i 's/What customers use/What all use/' fleet/prod/pr1.yaml
git -C fleet commit --quiet --all --message "Other words"
"""
"""Two branches describe Search otherwise, and the reader is on one of them."""
CLONE: Final = r"""
git clone --quiet "$ROOT" clone && cd clone
unset ${!PYTEST_*}
export PYTHONPATH="$PWD"
sed -n '/^```python$/,/^```$/ {/^```/d; p}' docs/how-to/add-a-kind.md > controller/kinds/queue.py
printf '# yaml-language-server: $schema=../../../schemas/queue.schema.json
apiVersion: envctl/v1
kind: Queue
metadata: {name: orders}
spec: {owningCluster: Tango}
' > examples/fleet/teams/queues.yaml
make() { command make --old-file=setup BIN="$(dirname "$PYTHON")" "$@"; }
"""
"""A clone in which somebody has written the kind of the page, and a document of it."""
PACKAGE: Final = """
mkdir acme_targets && cp "$ROOT"/tests/support/extension_targets/*.py acme_targets
export PYTHONPATH="$PWD:$PYTHONPATH"
"""
SERVED: Final = """
TOKEN=$(openssl rand -hex 32 | tee token | tr -d '\\n')
echo "tokens: [{name: ada, sha256: $(tr -d '\\n' < token | sha256sum | cut -d' ' -f1), scopes: [read, override, restore]}]" > http.yaml
"$PYTHON" -m controller.cli run > said 2>&1 < /dev/null &
export no_proxy=localhost
timeout 120 sh -c 'until curl --silent http://localhost:PORT/readyz; do sleep 0.2; done'
curl() { command curl --fail-with-body --silent --show-error "$@"; }
"""
"""A daemon answers, and what it refuses fails."""
CONNECTING: Final = """
"$PYTHON" -m controller.cli sandbox --fleet fleet --unconnected staging-eu > sandbox 2>&1 < /dev/null &
timeout 120 sh -c 'until grep -q ENVCTL_CONFIG sandbox; do sleep 0.2; done'
eval "$(grep '^export AWS' sandbox)"
"""
"""A sandbox of the reader's own fleet, without the role that is to be made."""
CONNECTED: Final = """
eval "$(sed -n 's/^# curl -d .*accounts/&/p' sandbox | sed -n 's/^# //p')"
"""
"""What the sandbox prints in place of deploying the role."""
HELD: Final = "HELD=$(envctl override list | grep -o 'HELD[0-9A-Z]*' | head -1)\n"


def described(text: str, fleet: str = "fleet") -> str:
    """Return what somebody types who describes a service otherwise, and applies it."""
    return f"""
sed -i '/description:/d; s/^  bluePort: 40012/  description: {text}\\n&/' {fleet}/services/services.yaml
git -C {fleet} commit --quiet --all --message "Search is {text}"
envctl apply --scope config
"""


STORIES: Final = {
    "approve-a-refused-plan.md": Story(
        before=FLEET + INSTALLED + CONTRACTORS,
        instead={
            "maxDeletes@3f9c1a77d0e2b415": "$(envctl plan | grep -o 'maxDeletes@[0-9a-f]*' | head -1)",
            "~/.ssh/id_ed25519": "key",
        },
        first={"ssh-keygen": f"ssh-keygen -q -t ed25519 -N '' -f key\n{BUCKET} acme-envctl\necho revision > approvals"},
    ),
    "add-a-kind.md": Story(before=CLONE),
    "add-a-target.md": Story(
        before=PACKAGE + FLEET + INSTALLED,
        settings=SETTINGS + "extensions: [acme_targets]\ntargets: {groups: off, scaling-schedules: off, power: off, others: {owners: enforce}}\n",
    ),
    "back-up-and-restore.md": Story(
        instead={"HELD0A1B2C3D4E5F": "$HELD"},
        first={
            "envctl snapshot diff": described("one") + EDITED + "envctl apply --scope config\n" + SEARCH_LOST,
            "envctl override list HELD": HELD,
            "envctl override yaml HELD": "envctl apply --scope config\nenvctl restore latest --kind Service\n" + HELD,
            "envctl bootstrap": "export ENVCTL_RESOURCE_PREFIX=again-\n",
        },
    ),
    "connect-an-account.md": Story(
        before=FLEET + CONNECTING + INSTALLED,
        instead={"EXTERNAL_ID=…": "EXTERNAL_ID=of-staging"},
        first={"envctl doctor staging-eu$": CONNECTED},
    ),
    "find-who-changed-what.md": Story(
        before=FLEET + INSTALLED + EDITED + "envctl apply --scope config\n" + NEWEST,
        instead={
            "9f1e0aa": "$(git -C fleet rev-parse --short HEAD)",
            "show ID": "show $(newest)",
            "2026-11-24T19:00": "$(date -u +%Y-%m-%dT%H:%M)",
            "ada@example.com": "$(git -C fleet log -1 --format=%ae)",
            "2026-01-01 --to 2026-03-31": "$(date -u -d yesterday +%F) --to $(date -u -d tomorrow +%F)",
            "anchors/*": "snapshots/anchors/*",
        },
        first={"python3 check": SCRIPT},
    ),
    "install.md": Story(
        before=f"cp envctl.yaml settings.yaml\necho 'tokens: []' > credentials.yaml\ntouch environment\n{BUCKET} envctl-configuration-123456789012-eu-west-1",
    ),
    "keep-an-environment-on-tonight.md": Story(
        instead={"--until 23:30": "--until +2h"},before=FLEET + OFF_AT_NIGHT, settings=SETTINGS + ENFORCED),
    "keep-settings-and-secrets-in-a-bucket.md": Story(
        before=f"{FLEET}{INSTALLED}\n{BUCKET} acme-config\naws s3 cp envctl.yaml s3://acme-config/envctl/settings.yaml"
    ),
    "move-old-records.md": Story(settings=SETTINGS + TABLES_ONLY + "ledger: {keepDays: 365}\n"),
    "plan-pull-requests-from-the-last-look.md": Story(
        before=f"{FLEET}\n{BUCKET} acme-envctl-looks\n{INSTALLED}{EDITED}{CLONED}\nCOMMIT=1 RUN=2",
        settings=SETTINGS + TABLES_ONLY + "observed: {bucket: acme-envctl-looks}\n",
    ),
    "read-from-a-bucket.md": Story(
        before=f"{FLEET}{INSTALLED}\n{BUCKET} acme-fleet",
        instead={"git log": "git -C fleet log", "git rev-parse": "git -C fleet rev-parse"},
    ),
    "recover-a-scope.md": Story(
        instead={"release ID": "release $ID"},
        first={"envctl audit recover": HEAD_LOST, "envctl override release": ONE_MORE},
    ),
    "review-pull-requests.md": Story(
        before=FLEET + INSTALLED + REQUESTS + CLONED,
        settings=SETTINGS + TABLES_ONLY + """
review:
  owners: [{environments: ["pr*"], approvers: ["@acme/prod", ada]}]
""",
        first={"envctl plan --source . --base main --since": "envctl plan --source . --base main --exit-zero --report plan.json\n" + described("later", ".")},
    ),
    "roll-back.md": Story(
        before=FLEET + INSTALLED + EDITED + "envctl apply --scope config\n" + NEWEST + "LAST=$(newest)\n",
        instead={"01KB3V7Y1M9QZ2F4T8R6C5D0AE": "$LAST"},
        first={
            "envctl rollback 01KB3V7Y1M9QZ2F4T8R6C5D0AE --plan      # exit code 3": described("one") + "LAST=$(newest)\n" + described("two"),
            "envctl rollback 01KB3V7Y1M9QZ2F4T8R6C5D0AE --git": "mkdir -p src\ngit clone --quiet fleet src/fleet\nLAST=$(newest)\n",
        },
    ),
    "run-the-daemon.md": Story(),
    "use-the-http-interface.md": Story(
        before=FLEET + INSTALLED + EDITED + "envctl apply --scope config\n" + SERVED,
        settings=SETTINGS + TABLES_ONLY + "http: {host: 127.0.0.1, port: PORT, credentials: /tmp/http.yaml}\n",
        instead={"localhost:8080": "localhost:PORT", "https://envctl.example": "http://localhost:PORT", "TOKEN=…": "TOKEN=$TOKEN"},
    ),
    "see-what-others-change.md": Story(first={"envctl audit follow": BY_ANOTHER}),
}  # fmt: skip
