"""An item of ours that others deleted: told as drift, healed; what we deleted ourselves and wanted again is an edit."""

from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from tests.support.command_line import Fleet, installation, service

SERVICES = "InfraConfigServices"
ALERTS = """apiVersion: envctl/v1
kind: NotificationSettings
metadata: {name: %s}
spec: {ticketing: queue}
"""


def test_it_is_told_as_drift_and_healed(installed: Fleet) -> None:
    fleet = installed.has({"search.yaml": service("Search", 40000)})
    assert fleet.apply("--yes").code == 0
    key = to_wire({"ServiceName": "Search"})
    installation().master.store.write(DeleteWrite(SERVICES, key))

    (change,) = fleet.plan("--format", "json").json["scopes"][0]["changes"]

    assert (change["action"], change["cause"]) == ("create", "drifted")
    assert change["because"] == "deleted outside envctl"
    assert fleet.apply("--yes").code == 0
    assert fleet.plan().code == 0


def test_what_we_deleted_ourselves_comes_back_as_an_edit(installed: Fleet) -> None:
    fleet = installed.has({"alerts.yaml": ALERTS % "team-tango"})
    assert fleet.apply("--yes").code == 0
    fleet.has({"alerts.yaml": None})
    assert fleet.apply("--yes").code == 0
    fleet.has({"alerts.yaml": ALERTS % "team-tango"})

    (change,) = fleet.plan("--format", "json").json["scopes"][0]["changes"]

    assert (change["action"], change["cause"]) == ("create", "edited")


def test_a_copy_of_an_item_of_ours_is_called_one(installed: Fleet) -> None:
    fleet = installed.has({"search.yaml": service("Search", 40000)})
    assert fleet.apply("--yes").code == 0
    store = installation().master.store
    item = store.get(SERVICES, {"ServiceName": "Search"})
    assert item is not None
    store.write(PutWrite(SERVICES, to_wire({**item, "ServiceName": "Copied"})))

    planned = fleet.plan()

    assert planned.code == 0
    assert (
        "foreign    Service Copied  carries our mark of another item: it is a copy" in planned.out
    )
