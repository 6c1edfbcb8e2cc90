"""The row that says where a ledger stands is lost: no second chain begins, and one command makes it again."""

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.ledger.ledger_table import LEDGER_TABLE
from tests.support.command_line import Fleet, envctl, installation, service
from tests.support.told import Told


@pytest.mark.tells("controller/engine/commit/lease.py", "audit recover")
@pytest.mark.tells("controller/ledger/chain.py", "audit recover")
@pytest.mark.tells("controller/engine/state/recover.py", "audit verify")
def test_by_the_commands_alone(installed: Fleet, told: Told) -> None:
    assert installed.apply().code == 0
    master = installation().master
    master.store.write(DeleteWrite(master.state_table, to_wire({"Id": "head#config"})))

    installed.has({"more.yaml": service("More", 41000)})
    refused = installed.apply()
    assert refused.code == 7
    assert "envctl audit recover config" in refused.err
    assert envctl("audit", "verify").code == 7
    assert "head lost" in envctl("doctor", "config").out

    nowhere = envctl("audit", "recover", "staging/eu-west-1")
    verified = told.types(nowhere.err, "audit verify")
    assert verified.out.startswith("config  3 records, 1 finding\n  head: ")
    told.is_typed(verified.out, "audit", "recover", "config")
    assert "envctl audit recover config makes it again; find who" in verified.out
    recovered = told.types(refused.err, "audit recover config")
    assert (recovered.code, "head made again at #" in recovered.out) == (0, True)
    assert "nothing was written" in envctl("audit", "recover", "config").out
    assert envctl("audit", "verify", "--replay").code == 0
    assert installed.apply().code == 0


@pytest.mark.tells("controller/ledger/heads.py", "audit recover")
def test_a_damaged_head_is_made_again(installed: Fleet, told: Told) -> None:
    assert installed.apply().code == 0
    master = installation().master
    row = master.store.get(master.state_table, {"Id": "head#config"})
    assert row is not None
    for damage in ({"Sequence": "many"}, {"Epoch": None}):
        master.store.write(PutWrite(master.state_table, to_wire({**row, **damage})))
        refused = installed.plan()
        assert (refused.code, refused.err) == (7, envctl("audit", "verify").err)

        assert told.types(refused.err, "audit recover").code == 0

        assert installed.plan().code == 0
        assert envctl("audit", "verify", "--replay").code == 0


@pytest.mark.tells("controller/ledger/records.py", "audit verify")
@pytest.mark.tells("controller/views/audit/export.py", "audit verify")
@pytest.mark.tells("controller/views/explanation.py", "audit verify")
def test_a_record_of_nobody_is_told_and_crashes_nothing(installed: Fleet, told: Told) -> None:
    assert installed.apply().code == 0
    found = installation()
    table = found.master.settings.resource_prefix + LEDGER_TABLE.name
    row = next(
        item for item in found.master.store.scan(table) if "Service" in str(item.get("EntityId"))
    )
    what = f"Service/{row['Entity']['Key']}"
    assert "In no chain" not in envctl("explain", what).out
    later = {**row, "AuditID": "beyond", "Sequence": 999, "ISOTimestamp": "2999-01-01T00:00:00Z"}
    stray = {**row, "AuditID": "mallory", "ChangedBy": "mallory"}
    del stray["Scope"]
    for forged in (stray, later):
        found.master.store.write(PutWrite(table, to_wire(forged)))

    verified = envctl("audit", "verify")
    assert verified.code == 7
    assert "record mallory is in no chain: it names no scope" in verified.out
    listed = envctl("audit", "list", "--entity", what).out
    assert listed.count("(in no chain)") == 2
    explained = envctl("explain", what).out
    assert "2999" not in explained.partition("In no chain")[0]
    assert "by mallory, record mallory" in explained
    assert "record beyond" in explained
    assert "record mallory" in told.types(explained, "audit verify").out
    shown = envctl("audit", "show", "mallory")
    assert shown.code == 7
    assert "record mallory is in no chain: it names no scope" in shown.err
    assert envctl("audit", "show", "nothing").code == 64
    damaged = {**row, "AuditID": "damaged", "Cause": 5, "Phase": b"\x00", "Entity": "none"}
    found.master.store.write(PutWrite(table, to_wire(damaged)))
    shown = envctl("audit", "show", "damaged")
    assert "ledger: record damaged is damaged" in shown.err
    assert "damaged" in told.types(shown.err, "audit verify").out
    assert envctl("audit", "list", "--since", "1h ago", "--records").code == 0
    refused = envctl("audit", "export", "--format", "csv")
    assert (refused.code, "record damaged is damaged" in refused.err) == (7, True)
    assert "damaged" in told.types(refused.err, "audit verify").out
    assert '"damaged"' in envctl("audit", "export", "--format", "proof").out
