"""Cloud Custodian switching the same accounts, as its own documentation has it: groups suspended and resumed, others stopped and started."""

import json
import sys
from pathlib import Path

from controller.sandbox.seed import CHILD_ROLE

PEERS = Path(__file__).parent.parent / ".venv-peers/bin"
ALONE = {"tag:aws:autoscaling:groupName": "absent"}
POLICIES = {
    "off": [
        {"name": "groups-off", "resource": "aws.asg", "actions": ["suspend"]},
        {
            "name": "instances-off",
            "resource": "aws.ec2",
            "filters": [{"State.Name": "running"}, ALONE],
            "actions": ["stop"],
        },
    ],
    "on": [
        # It does not wait half a minute for its instances here, as none takes its time.
        {"name": "groups-on", "resource": "aws.asg", "actions": [{"type": "resume", "delay": 0}]},
        {
            "name": "instances-on",
            "resource": "aws.ec2",
            "filters": [{"State.Name": "stopped"}, ALONE],
            "actions": ["start"],
        },
    ],
}


def command(folder: Path, accounts: list[str], region: str, way: str) -> list[str]:
    """Write what c7n-org needs to switch everything ``off`` or ``on``, and return the command that does it. Exits with a hint where it is not installed."""
    program = PEERS / "c7n-org"
    if not program.exists():
        sys.exit("Cloud Custodian is not installed here; fix: make peers")
    known = {
        "accounts": [
            {
                "account_id": number,
                "name": f"a{place}",
                "regions": [region],
                "role": f"arn:aws:iam::{number}:role/{CHILD_ROLE}",
            }
            for place, number in enumerate(accounts)
        ]
    }
    # JSON is YAML.
    (folder / "accounts.yml").write_text(json.dumps(known))
    (folder / "policies.yml").write_text(json.dumps({"policies": POLICIES[way]}))
    return [
        str(program), "run", "-c", str(folder / "accounts.yml"), "-u", str(folder / "policies.yml"),
        "-s", str(folder / "out"), "--region", region, "--cache-period", "0",
    ]  # fmt: skip
