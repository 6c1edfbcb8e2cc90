"""What changes in an account is laid to who made the documents say so: an override's maker, or the controller that heals."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.state.override_rows import row_of_override
from controller.model.ledger_record import LedgerRecord
from controller.model.override import Override
from controller.model.ref import Authorship, ResourceRef
from controller.ports import Revision
from tests.support.fleet_yaml import environment
from tests.support.live_accounts import LiveEstate
from tests.support.reconcilers import reconciler
from tests.support.text_source import TextSource

ADA = Authorship("a" * 40, "Ada Author <ada@example.com>", "2026-11-01T10:00:00+01:00", "begin")


class Committed(LiveEstate):
    """An estate whose files are all of one commit."""

    def reconciler(self, accounts: Any) -> Any:
        """Return what plans and applies the files as that commit has them."""
        files = {path.name: path.read_text() for path in self.folder.iterdir()}
        source = TextSource(files, Revision("r1", "main@r1", "bot"), ADA)
        return reconciler(source, accounts, lambda: self.clock.now, self.events.append)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Committed]:
    with mock_aws():
        made = Committed(tmp_path / "fleet")
        made.has({"c50.yaml": environment("c50")})
        made.applied()
        yield made


def last(estate: LiveEstate) -> LedgerRecord:
    """Return the newest record of the account: what became of a change."""
    return estate.records()[-1]


def test_an_edit_is_its_authors_with_caller_and_role(estate: Committed) -> None:
    record = last(estate)

    assert (record.cause, record.actor.author, record.actor.subject) == (
        "edited",
        ADA.author,
        "begin",
    )
    assert record.actor.commit == ADA.commit
    assert record.actor.principal.startswith("arn:aws:sts::123456789012:")
    assert ":role/" in record.actor.role
    (intended, *_) = estate.records()
    assert intended.actor == record.actor


def test_what_an_override_causes_is_its_makers_and_its_end_by_time_the_controllers(
    estate: Committed,
) -> None:
    now, store = estate.clock.now, estate.installation.master.store
    carls = Override(
        *("o1", ResourceRef("Environment", "c50"), "release night", "carl", now),
        *("owningCluster", "Search", now + timedelta(hours=1)),
    )
    store.write(PutWrite("EnvctlState", to_wire(row_of_override(carls))))
    estate.applied()

    under = last(estate)

    assert (under.cause, under.actor.author) == ("overridden", "carl")
    assert under.actor.subject == "release night"
    assert under.new_value == {"owner": "Search"}
    over = replace(carls, until=now - timedelta(seconds=1))
    store.write(PutWrite("EnvctlState", to_wire(row_of_override(over))))
    estate.applied()
    after = last(estate)
    assert (after.cause, after.actor.author) == ("overridden", "envctl")
    assert after.new_value == {"owner": "Tango"}


def test_drift_in_an_account_is_the_controllers(estate: Committed) -> None:
    role = estate.live().installation.master.aws
    accepted = estate.planned()
    assert accepted.plan.changes == ()
    client = role.client("ssm", "012345670123", "eu-west-1")
    (name,) = [one["Name"] for one in client.describe_parameters()["Parameters"]]
    value = json.loads(client.get_parameter(Name=name)["Parameter"]["Value"])
    client.put_parameter(Name=name, Value=json.dumps({**value, "owner": "me"}), Overwrite=True)
    estate.applied()

    healed = last(estate)

    assert (healed.cause, healed.actor.author) == ("drifted", "envctl")
    assert healed.actor.principal
