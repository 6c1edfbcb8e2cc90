"""What people type: examples of every command, shown below its help."""

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "init": (
        "envctl init fleet-repository",
        "envctl init --account-number 012345670123 --environment dev1 --schedule office-hours",
    ),
    "validate": ("envctl validate fleet", "envctl validate --ref my-branch"),
    "render": ("envctl render c50", "envctl render Environment/c50 --source fleet"),
    "new": (
        "envctl new Service Payments",
        "envctl new Environment c51 --out fleet/staging/c51.yaml",
    ),
    "plan": (
        "envctl plan",
        "envctl plan --ref my-branch --scope staging-eu",
        "envctl plan --exit-zero --out plan.json",
    ),
    "apply": (
        "envctl apply",
        "envctl apply plan.json --yes",
        "envctl apply --scope config --approve maxDeletes@3f9c1a77d0e2b415",
    ),
    "run": ("envctl --config s3://acme-config/envctl/settings.yaml run --log-format json",),
    "get": (
        "envctl get environments",
        "envctl get services --team Tango -o wide",
        "envctl get groups --account staging-eu",
    ),
    "status": ("envctl status", "envctl status --look", "envctl status --watch --every 10"),
    "doctor": ("envctl doctor", "envctl doctor staging-eu"),
    "import": ("envctl import --out fleet", "envctl import --out fleet --scope staging-eu"),
    "deploy-template": (
        "envctl deploy-template child > child.yaml",
        "envctl deploy-template master > master.yaml",
    ),
    "bootstrap": ("envctl bootstrap",),
    "explain": ("envctl explain c50", "envctl explain i-0a1b2c3d4e5f60718"),
    "override make": (
        "envctl override c50 schedule=on --until 22:00 --reason 'release night'",
        "envctl override i-0a1b2c3d4e5f60718 schedule=off --until +2h --reason 'not needed'",
    ),
    "override list": ("envctl override list",),
    "override yaml": ("envctl override yaml WHJCJ7EW --out fleet-to-commit",),
    "override release": ("envctl override release c50",),
    "audit list": (
        "envctl audit list --since 7d",
        "envctl audit list --entity Environment/c50 --when yesterday",
    ),
    "audit show": ("envctl audit show 01M8JQJXTVRJD4WRXSFZ4ZRW05",),
    "audit verify": ("envctl audit verify", "envctl audit verify --replay --anchors"),
    "audit anchor": ("envctl audit anchor",),
    "audit recover": ("envctl audit recover config",),
    "audit follow": ("envctl audit follow",),
    "audit blame": ("envctl audit blame Environment/c50",),
    "audit state": ("envctl audit state --at 2026-11-24T18:00 --kind Service",),
    "audit export": ("envctl audit export --from 2026-01-01 > records.csv",),
    "audit archive": ("envctl audit archive",),
    "rollback": (
        "envctl rollback 01M8JQJXTVRJD4WRXSFZ4ZRW05 --plan",
        "envctl rollback --commit 3f9c1a7 --reason 'wrong image'",
    ),
    "snapshot create": ("envctl snapshot create",),
    "snapshot nightly": ("envctl snapshot nightly",),
    "snapshot verify": ("envctl snapshot verify latest",),
    "snapshot list": ("envctl snapshot list",),
    "snapshot show": ("envctl snapshot show latest",),
    "snapshot diff": ("envctl snapshot diff latest",),
    "snapshot prune": ("envctl snapshot prune",),
    "restore": (
        "envctl restore latest --plan",
        "envctl restore latest --kind Service --reason 'deleted by mistake'",
    ),
    "items export": ("envctl items export all --out backup",),
    "items import": ("envctl items import all backup --plan",),
    "schedule preview": ("envctl schedule preview office-hours --days 7",),
    "schedule exceptions": ("envctl schedule exceptions",),
    "schedule report": ("envctl schedule report",),
    "schedule eval": ("envctl schedule eval < questions.jsonl",),
    "schedule decide": ("envctl schedule decide < cases.json",),
    "schema": ("envctl schema --write schemas",),
    "sandbox": (
        "envctl sandbox",
        "envctl sandbox --fleet fleet --unconnected staging",
    ),
    "demo": ("envctl demo",),
    "version": ("envctl version", "envctl version -o json"),
}
"""Words of the command -> lines to type."""
