"""The law of snapshots: taken, anything changed, restored, the tables are equal but for versions; also where runs were killed on the way."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from controller.aws.tables import DynamoStore
from controller.cli.process import environment_instead
from controller.snapshots.folder import FolderStore
from tests.conftest import FAKE_ENVIRONMENT
from tests.support.command_line import Fleet, envctl, installation, service

pytestmark = pytest.mark.slow

SERVICES = "InfraConfigServices"
NAMES = ("Search", "Auth", "Checkout")
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(("edited", "removed", "changed by hand", "deleted by hand")),
        st.sampled_from(("", "é", "on", "null", "012")),
    ),
    min_size=1,
    max_size=5,
)


def documents(**descriptions: str | None) -> dict[str, str | None]:
    return {
        f"{name}.yaml": None if text is None else service(name, description=text or "none")
        for name, text in descriptions.items()
    }


@contextmanager
def empty(folder: Path, text: str) -> Iterator[None]:
    """An AWS of its own with empty tables, and settings."""
    (folder / "envctl.yaml").write_text(text)
    around = {"ENVCTL_CONFIG": str(folder / "envctl.yaml"), "ENVCTL_USER": "ada"}
    around |= {**FAKE_ENVIRONMENT, "XDG_CACHE_HOME": str(folder)}
    with mock_aws(), environment_instead(around):
        assert envctl("bootstrap").code == 0
        yield


@contextmanager
def backed_up(more: str = "") -> Iterator[Fleet]:
    """Three services in such an AWS, applied, and a snapshot of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = f"snapshots: {{{more}folder: {folder / 'kept'}}}\n"
        with empty(folder, f"source: {{folder: {folder / 'fleet'}}}\n{kept}"):
            services = documents(Search="finds", Auth="knows", Checkout="")
            fleet = Fleet(folder / "fleet").has(services)
            for words in (("apply", "--yes"), ("snapshot", "create")):
                ended = envctl(*words)
                assert ended.code == 0, ended.err
            yield fleet


def tables() -> dict[str, list[Any]]:
    """Return every item of the config tables, without what tells versions apart."""
    found, kinds = installation(), installation().master.kinds
    return {
        table.name: sorted(
            (
                {name: part for name, part in item.items() if name not in ("Audit", "Managed")}
                for item in found.master.store.scan(table.name)
            ),
            key=str,
        )
        for kind in kinds.values()
        for table in kind.tables
    }


def changed(fleet: Fleet, name: str, how: str, text: str) -> None:
    client, key = installation().master.client, {"ServiceName": {"S": name}}
    match how:
        case "edited":
            fleet.has(documents(**{name: f"edited {text}"}))
        case "removed" if (fleet.folder / f"{name}.yaml").exists():
            fleet.has(documents(**{name: None}))
        case "changed by hand" if client.get_item(TableName=SERVICES, Key=key).get("Item"):
            client.update_item(
                TableName=SERVICES,
                Key=key,
                UpdateExpression="SET #v.Description = :d",
                ExpressionAttributeNames={"#v": "Value"},
                ExpressionAttributeValues={":d": {"S": f"by hand {text}"}},
            )
        case "deleted by hand":
            client.delete_item(TableName=SERVICES, Key=key)
    if how in ("edited", "removed"):
        envctl("apply", "--yes")


@settings(max_examples=6, deadline=None)
@given(CHANGES)
def test_the_tables_are_as_they_were(changes: Sequence[tuple[str, str, str]]) -> None:
    with backed_up() as fleet:
        before = tables()
        for change in changes:
            changed(fleet, *change)

        ended = envctl("restore", "latest", "--mode", "replace", "--yes")

        assert ended.code == 0, ended.err + ended.out
        assert tables() == before
        again = envctl("plan")
        assert again.code == 0, again.out
        assert tables() == before


class Killer:
    """Kills whoever does something the so manyth time, before it is done or after."""

    def __init__(self, moment: int, side: str) -> None:
        self.moment, self.side, self.begun = moment, side, 0

    @contextmanager
    def around(self) -> Iterator[None]:
        self.begun += 1
        mine = self.begun == self.moment
        if mine and self.side == "before":
            raise KeyboardInterrupt
        yield
        if mine:
            raise KeyboardInterrupt


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_restore_that_was_killed_at_any_transaction_is_ended_by_the_next(
    side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backed_up() as fleet:
        before = tables()
        for moment in count(1):
            fleet.has(documents(Search="an accident", Auth=None))
            assert envctl("apply", "--yes").code == 0
            killer, real = Killer(moment, side), DynamoStore.transact

            def transact(
                store: DynamoStore, *said: Any, killer: Killer = killer, real: Any = real
            ) -> Any:
                with killer.around():
                    return real(store, *said)

            with monkeypatch.context() as patch:
                patch.setattr(DynamoStore, "transact", transact)
                ended = envctl("restore", "latest", "--yes")
            if ended.code != 130:
                break
            # Nothing of what was held by then is taken back by a look of the settings' own source.
            ended = envctl("restore", "latest", "--yes", "--wait", "2m")
            assert ended.code == 0, ended.err
            assert tables() == before
            assert envctl("plan").code == 0
            assert len(envctl("override", "list", "--format", "json").json["overrides"]) == 1
            fleet.has(documents(Search="finds", Auth="knows"))
            assert envctl("apply", "--yes").code == 0
            assert envctl("override", "list", "--format", "json").json["overrides"] == []

        assert moment > 2
        assert ended.code == 0, ended.err
        assert tables() == before
        assert envctl("audit", "verify", "--replay").code == 0


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_snapshot_that_was_killed_at_any_file_is_none(
    side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backed_up() as fleet:
        files = len(list((fleet.folder.parent / "kept").rglob("*.gz")))
        for moment in count(1):
            killer, real = Killer(moment, side), FolderStore.writing

            @contextmanager
            def writing(
                store: FolderStore, key: str, *, killer: Killer = killer, real: Any = real
            ) -> Iterator[Any]:
                with killer.around(), real(store, key) as output:
                    yield output

            with monkeypatch.context() as patch:
                patch.setattr(FolderStore, "writing", writing)
                ended = envctl("snapshot", "create")
            listed = envctl("snapshot", "list", "--format", "json").json["snapshots"]
            usable = [found["verified"] for found in listed if found["usable"]]
            if ended.code != 130:
                break
            # Its manifest comes last: what was killed before is none, what was killed later is whole.
            assert len(usable) == 1 or moment > files
            assert envctl("snapshot", "verify", "latest").code == 0

        assert ended.code == 0, ended.err
        assert moment > files
        assert usable.count(True) >= 2
        assert envctl("snapshot", "verify", "latest").code == 0


def test_retention_takes_what_is_old_away_and_leaves_the_last_good_one() -> None:
    with backed_up("keepDays: 0, "):
        assert envctl("snapshot", "create", "--accounts").code == 0
        old, new = envctl("snapshot", "list", "--format", "json").json["snapshots"]

        shown = envctl("snapshot", "prune", "--plan")
        done = envctl("snapshot", "prune", "--yes", "--format", "json").json

        assert shown.out == f"would remove {old['id']}\n"
        assert done["snapshots"] == [old["id"]]
        (left,) = envctl("snapshot", "list", "--format", "json").json["snapshots"]
        assert left["id"] == new["id"]


def test_another_installation_without_objects_is_rebuilt_and_says_of_what(tmp_path: Path) -> None:
    with backed_up() as fleet:
        before = tables()
        shutil.copytree(fleet.folder.parent / "kept", tmp_path / "kept")
    with empty(tmp_path, f"snapshots: {{folder: {tmp_path / 'kept'}}}\n"):
        ended = envctl("restore", "latest", "--yes")

        assert ended.code == 0, ended.err
        assert "of another installation" in ended.out
        assert tables() == before
        verified = envctl("audit", "verify", "--replay")
        assert verified.code == 0, verified.out
        rows = installation().master.store.scan("EnvctlState")
        (genesis,) = (row for row in rows if row["Id"].startswith("genesis#"))
        assert [head["Scope"] for head in genesis["Heads"]] == ["config"]


def test_another_installation_with_objects_of_its_own_refuses_it(tmp_path: Path) -> None:
    with backed_up() as fleet:
        shutil.copytree(fleet.folder.parent / "kept", tmp_path / "kept")
    with empty(tmp_path, f"snapshots: {{folder: {tmp_path / 'kept'}}}\n"):
        other = Fleet(tmp_path / "fleet").has(documents(Own="mine"))
        assert other.apply().code == 0

        ended = envctl("restore", "latest", "--yes")

        assert ended.code == 64
        assert "it is of another installation of this account" in ended.err
