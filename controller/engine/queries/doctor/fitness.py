"""Whether what runs here fits the installation: the version to what heads were written by, the clock, who else reads streams."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from controller import __version__
from controller.aws.clock_offset import clock_offset
from controller.aws.sessions import MASTER
from controller.aws.stream_consumers import stream_consumers
from controller.engine.installation.installation import Master
from controller.engine.queries.doctor.report import INSTALLATION, Check, Health, check_of_error
from controller.errors import EnvctlError
from controller.ledger.heads import HEAD_PREFIX
from controller.model.ledger_record import LEDGER_FORMAT

LARGEST_OFFSET: Final = timedelta(seconds=10)
"""Schedules act to the minute, and records are dated; AWS refuses requests at five minutes."""
READERS_BESIDE_US: Final = 1
"""DynamoDB wants two readers of a stream's shard at most, and the daemon is one."""
UPGRADE: Final = (
    "pipx upgrade environment-controller here; on instances deploy the stack with a newer Release"
)


def check_clock(master: Master) -> Check:
    """Compare this machine's clock with AWS's. Raises nothing that AWS says."""
    of = "clock"
    try:
        offset = clock_offset(master.aws.client("sts", MASTER), master.process.clock)
    except EnvctlError as error:
        return check_of_error(INSTALLATION, of, error)
    if offset is None:
        return Check(INSTALLATION, of, Health.NOT_PROBED, "AWS's answer has no date")
    seconds = offset.total_seconds()
    if abs(offset) <= LARGEST_OFFSET:
        return Check(INSTALLATION, of, Health.OK, "as AWS's, to a few seconds")
    text = f"{abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} AWS's: schedules act at the wrong time"
    fix = "sudo systemctl enable --now chronyd && sudo chronyc makestep"
    return Check(INSTALLATION, of, Health.LACKS, text, fix)


def check_version(master: Master) -> Check:
    """Say whether any scope was last written by a newer version, also one that is no scope any more. Raises nothing that AWS says."""
    of = "version"
    try:
        rows = list(master.store.scan(master.state_table))
    except EnvctlError as error:
        return check_of_error(INSTALLATION, of, error)
    newer = {
        str(row["Id"]).removeprefix(HEAD_PREFIX): int(row["Format"])
        for row in rows
        if str(row["Id"]).startswith(HEAD_PREFIX) and _is_newer(row.get("Format"))
    }
    if not newer:
        text = f"{__version__}, which reads and writes format {LEDGER_FORMAT}; no scope has a newer one"
        return Check(INSTALLATION, of, Health.OK, text)
    scopes = ", ".join(f"{scope} (format {written})" for scope, written in sorted(newer.items()))
    text = f"{__version__} knows formats up to {LEDGER_FORMAT}; a newer one wrote {scopes}, which this one leaves alone"
    return Check(INSTALLATION, of, Health.LACKS, text, UPGRADE)


def _is_newer(written: object) -> bool:
    # What is no number is a damaged head, which the scope's own check tells.
    try:
        return int(str(written)) > LEDGER_FORMAT
    except ValueError:
        return False


def check_streams(master: Master, streams: Mapping[str, str]) -> Iterator[Check]:
    """Say where more read a table's stream than DynamoDB lets; ``streams`` are ARNs by the name of the table."""
    of = "streams"
    try:
        consumers = stream_consumers(master.aws.client("lambda", MASTER))
    except EnvctlError as error:
        yield check_of_error(INSTALLATION, of, error)
        return
    beside = {table: consumers[arn] for table, arn in streams.items() if arn in consumers}
    for table, found in sorted(beside.items()):
        names = ", ".join(one.function for one in found)
        if len(found) > READERS_BESIDE_US:
            text = f"{table} is read by {names} and envctl: DynamoDB lets two, and slows down more"
            fix = f"keep one: aws lambda delete-event-source-mapping --uuid {found[-1].mapping}"
            yield Check(INSTALLATION, of, Health.LACKS, text, fix)
        else:
            text = f"{table} is read by {names}, too: no third reader beside envctl"
            yield Check(INSTALLATION, of, Health.OK, text)
    if not beside:
        yield Check(INSTALLATION, of, Health.OK, "no function of Lambda reads them")
