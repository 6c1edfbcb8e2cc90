"""The row that says where a ledger stands is lost: no second chain begins, and one command makes it again."""

from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.ledger.ledger_table import LEDGER_TABLE
from tests.support.command_line import Fleet, envctl, installation, service


def test_by_the_commands_alone(installed: Fleet) -> None:
    assert installed.apply().code == 0
    master = installation().master
    master.store.write(DeleteWrite(master.state_table, to_wire({"Id": "head#config"})))

    installed.has({"more.yaml": service("More", 41000)})
    refused = installed.apply()
    assert refused.code == 7
    assert "envctl audit recover config" in refused.err
    assert envctl("audit", "verify").code == 7
    assert "head lost" in envctl("doctor", "config").out

    recovered = envctl("audit", "recover", "config")
    assert (recovered.code, "head made again at #" in recovered.out) == (0, True)
    assert "nothing was written" in envctl("audit", "recover", "config").out
    assert envctl("audit", "verify", "--replay").code == 0
    assert installed.apply().code == 0


def test_a_record_of_nobody_is_told_and_crashes_nothing(installed: Fleet) -> None:
    assert installed.apply().code == 0
    found = installation()
    table = found.master.settings.resource_prefix + LEDGER_TABLE.name
    row = max(found.master.store.scan(table), key=lambda item: str(item["ISOTimestamp"]))
    stray = {**row, "AuditID": "mallory"}
    del stray["Scope"]
    found.master.store.write(PutWrite(table, to_wire(stray)))

    verified = envctl("audit", "verify")
    assert verified.code == 7
    assert "record mallory is in no chain: it names no scope" in verified.out
    assert "(in no chain)" in envctl("audit", "list", "--since", "1h ago", "--records").out
    shown = envctl("audit", "show", "mallory")
    assert shown.code == 7
    assert "record mallory is in no chain: it names no scope" in shown.err
    assert envctl("audit", "show", "nothing").code == 64
    damaged = {**row, "AuditID": "damaged", "Cause": 5, "Phase": b"\x00", "Entity": "none"}
    found.master.store.write(PutWrite(table, to_wire(damaged)))
    assert "ledger: record damaged is damaged" in envctl("audit", "show", "damaged").err
    assert envctl("audit", "list", "--since", "1h ago", "--records").code == 0
