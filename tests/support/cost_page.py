"""The page of docs/reference on what an installation costs on AWS: quantities of a month times list prices.

Requests of a daemon with nothing to do, and of a look, are held to what a sandbox counts (tests/scenarios/test_what_it_costs_is_counted.py);
the daemon's intervals are the settings' defaults, instances and queues the stack's. The rest are the assumptions named.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from controller.aws.sqs_queue import SqsQueue
from controller.daemon_settings import IntervalSettings
from tests.support.master_stack import master_stack

HOURS: Final = 730
SECONDS: Final = HOURS * 3600
DAYS: Final = HOURS / 24

IDLE_READS: Final = 3.0
IDLE_WRITES: Final = 0.6
IDLE_STREAM_READS: Final = 2.5
"""Of one daemon in a second, while nothing is to be done; of streams one daemon alone reads."""
LOOK_READS: Final = 8
LOOK_WRITES: Final = 1
"""Of a look at one scope."""
CHANGE_WRITES: Final = 24
"""Write units of a change: item and head in a transaction (twice 2 each), the record likewise (4) and in five indexes (2 each), and a margin."""
ITEM_KB: Final = 1.5
"""Of an object in its table, and of a record of the ledger."""
LOG_KB: Final = 1.0
"""Of the log, for a change and for a look."""
KEPT_MONTHS: Final = 12
"""The ledger and the snapshots of so many months are there."""


@dataclass(frozen=True)
class Fleet:
    """How large a fleet is; ``changes`` are those of a day, each instance that a schedule starts or stops for itself."""

    name: str
    scopes: int
    objects: int
    changes: int


FLEETS: Final = (
    Fleet("small", scopes=5, objects=500, changes=200),
    Fleet("medium", scopes=40, objects=5_000, changes=2_000),
    Fleet("large", scopes=300, objects=50_000, changes=20_000),
)


@dataclass(frozen=True)
class Line:
    """One row of the bill: how many of what, free ones taken off, at a list price in US dollars for one."""

    what: str
    how: str
    unit: str
    quantity: float
    price: float
    free: float = 0.0

    @property
    def dollars(self) -> float:
        """What it costs in a month."""
        return max(0.0, self.quantity - self.free) * self.price


def bill(fleet: Fleet) -> tuple[Line, ...]:
    """Return what a fleet costs in a month."""
    stack, intervals = master_stack(), IntervalSettings()
    pair = 2
    alarms = len(stack.made("AWS::CloudWatch::Alarm"))
    figures = len(stack.made("AWS::Logs::MetricFilter"))
    (disk,) = stack.properties("LaunchTemplate")["LaunchTemplateData"]["BlockDeviceMappings"]
    looks = fleet.scopes * SECONDS / intervals.resync_seconds
    changes = fleet.changes * DAYS
    units_of_a_scan = fleet.objects * ITEM_KB / 4
    reads = (
        pair * IDLE_READS * SECONDS
        + looks * LOOK_READS
        + units_of_a_scan * (SECONDS / intervals.resync_seconds + DAYS)
    )
    writes = pair * IDLE_WRITES * SECONDS + looks * LOOK_WRITES + changes * CHANGE_WRITES
    polls = pair * SECONDS / SqsQueue.wait_s
    stored_gb = (fleet.objects + changes * KEPT_MONTHS * 2) * ITEM_KB / 1e6
    snapshots_gb = fleet.objects * ITEM_KB * 0.2 * DAYS * 2 / 1e6
    return (
        Line("instances", "2 t3.medium", "hours", pair * HOURS, 0.0416),
        Line("their disks", f"2 × {disk['Ebs']['VolumeSize']} GB gp3", "GB", pair * disk["Ebs"]["VolumeSize"], 0.08),
        Line("load balancer", "one, and less than one capacity unit", "hours", HOURS, 0.0225 + 0.008),
        Line("reads of tables", "2 daemons idle, looks, scans", "million units", reads / 1e6, 0.125),
        Line("writes to tables", "2 daemons idle, looks, changes", "million units", writes / 1e6, 0.625),
        Line("reads of streams", "one daemon", "million", IDLE_STREAM_READS * SECONDS / 1e6, 0.20, free=2.5),
        Line("tables, with recovery", f"objects, {KEPT_MONTHS} months of ledger and its indexes", "GB", stored_gb, 0.25 + 0.20),
        Line("requests of the queue", "one worker of each instance waits, six for each look", "million", (polls + 6 * looks) / 1e6, 0.50, free=1.0),
        Line("snapshots", "a fifth of the tables, each night, two months", "GB", snapshots_gb, 0.023),
        Line("log", "of changes and looks, kept 90 days", "GB", (changes + looks) * LOG_KB / 1e6, 0.50 + 3 * 0.03),
        Line("alarms", "those of the stack", "alarms", alarms, 0.10),
        Line("figures of the log", "those of the stack", "figures", figures, 0.30),
        Line("secrets", "external ids, tokens, webhook", "secrets", 3, 0.40),
    )  # fmt: skip


INTRO: Final = (
    "What the stack of `deploy/master.yaml` costs in a month of 730 hours, in US dollars, for three sizes of fleet. Prices are list prices of the region us-east-1 as of early 2025, written down here "
    "and asked of nobody: put in those of your region. Without tax, discounts, traffic between zones, a NAT gateway and whatever else the VPC has. Calls to EC2, Auto Scaling and STS cost nothing, "
    "nor does anything in the accounts but copies of tables (`targets.replicas`) and what runs there. Quantities come from the stack, from the settings' defaults, and from requests that are counted on a sandbox."
)


def cost_lines() -> Iterator[str]:
    """Yield the fleets, what each costs, and the arithmetic."""
    yield "| fleet | accounts and regions | objects | changes a day | a month | of it the pair of instances and the load balancer |"
    yield "|---|---|---|---|---|---|"
    for fleet in FLEETS:
        lines = bill(fleet)
        total, fixed = (sum(one.dollars for one in some) for some in (lines, lines[:3]))
        yield (
            f"| {fleet.name} | {fleet.scopes} | {fleet.objects:,} | {fleet.changes:,} | **${total:,.0f}** | ${fixed:,.0f} |"
        )
    yield from _assumptions()
    for fleet in FLEETS:
        yield from ("", f"## {fleet.name.capitalize()}", "")
        yield "| | how | quantity | free | price of one | dollars |"
        yield "|---|---|---|---|---|---|"
        for one in bill(fleet):
            yield (
                f"| {one.what} | {one.how} | {one.quantity:,.2f} {one.unit} | {one.free:g} | {one.price:g} | {one.dollars:,.2f} |"
            )


def _assumptions() -> Iterator[str]:
    intervals = IntervalSettings()
    yield ""
    yield (
        f"A daemon with nothing to do makes {IDLE_READS} reads, {IDLE_WRITES} writes and {IDLE_STREAM_READS} reads of streams in a second; a look at one account and region "
        f"{LOOK_READS} reads and {LOOK_WRITES} write, every {intervals.resync_seconds} seconds, when the tables are read as a whole too. A change writes {CHANGE_WRITES} units: "
        f"item, record with its indexes, head. An item or record is taken for {ITEM_KB} KB, a line of the log for {LOG_KB:g} KB, and the ledger for {KEPT_MONTHS} months old: "
        "[older records can be moved](../how-to/move-old-records.md). Free is what AWS gives every account each month."
    )
