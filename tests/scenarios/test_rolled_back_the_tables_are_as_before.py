"""The law of rollback: A applied, then B, then B's transaction rolled back, the tables are as after A; also where it was killed."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.aws.tables import DynamoStore
from controller.aws.transactions import Write
from tests.support.command_line import (
    Fleet,
    commands_in,
    envctl,
    installation,
    service,
    use_settings,
)
from tests.support.embedded_aws import AwsForTests

pytestmark = pytest.mark.slow

NAMES = ("Search", "Auth", "Checkout", "Basket")
GUARDS = (
    "guards: {maxDeletes: 1000, smallMaxDeletes: 1000, maxDeleteShare: 1.0, maxUpdateShare: 1.0}\n"
)
TEXTS = st.sampled_from(("", "é", "on", "null", "012", "{}"))
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "description": TEXTS,
        "owningCluster": st.sampled_from(("Tango", "Infra")),
    },
)
STATES = st.dictionaries(st.sampled_from(NAMES), SPECS, min_size=1)


@contextmanager
def emptied(aws: AwsForTests) -> Iterator[Fleet]:
    """Empty tables."""
    aws.controls.reset()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = f"source: {{folder: {folder / 'fleet'}}}\n{GUARDS}"
        with commands_in(aws, folder, text):
            assert envctl("bootstrap").code == 0
            yield Fleet(folder / "fleet")


def applied(fleet: Fleet, state: Mapping[str, Mapping[str, Any]]) -> str:
    """Apply services, which are all there are; return the transaction, empty where nothing changed."""
    there = {path.name for path in fleet.folder.glob("*.yaml")} - {"teams.yaml"}
    files: dict[str, str | None] = dict.fromkeys(there)
    # A service keeps its key for good, and so its port.
    files |= {
        f"{name}.yaml": service(name, 40000 + NAMES.index(name), **spec)
        for name, spec in ((name, _told(spec)) for name, spec in state.items())
    }
    fleet.has(files)
    done = envctl("apply", "--yes", "--format", "json")
    assert done.code == 0, done.err + done.out
    return str(done.json["transaction"])


def _told(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec without an empty text, which no document may have."""
    return {name: value for name, value in spec.items() if value != ""}


def tables() -> dict[str, dict[str, Any]]:
    """Return every item of the config tables that is wanted, without what tells versions apart."""
    found = installation()
    return {
        table.name: {
            str(table.key_of(item)): {
                name: part for name, part in item.items() if name not in ("Audit", "Managed")
            }
            for item in found.master.store.scan(table.name)
            if item.get("Deleted") != "true"
        }
        for kind in found.master.kinds.values()
        for table in kind.tables
    }


@settings(max_examples=10, deadline=None)
@given(first=STATES, second=STATES)
def test_after_a_and_b_rolled_back_is_as_after_a(
    embedded_server: AwsForTests,
    first: Mapping[str, Mapping[str, Any]],
    second: Mapping[str, Mapping[str, Any]],
) -> None:
    with emptied(embedded_server) as fleet:
        applied(fleet, first)
        before = tables()
        transaction = applied(fleet, second)
        after = tables()
        if not transaction:
            return

        ended = envctl("rollback", transaction, "--yes", "--format", "json")

        assert ended.code == 0, ended.err + ended.out
        assert tables() == before
        again = envctl("plan")
        assert again.code == 0, again.out
        back = ended.json["rolledBack"]["transaction"]
        ended = envctl("rollback", back, "--yes")
        assert ended.code == 0, ended.err + ended.out
        assert tables() == after
        assert envctl("plan").code == 0
        assert envctl("audit", "verify", "--replay").code == 0


MANY = {f"many{n}.yaml": service(f"Many{n}", 40100 + n, description="old") for n in range(300)}


@pytest.fixture
def many(
    sandbox: AwsForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, dict[str, Any]]:
    """Three hundred services, all edited by one transaction; what they were before."""
    text = f"source: {{folder: {tmp_path / 'fleet'}}}\n{GUARDS}"
    use_settings(tmp_path, monkeypatch, text)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert envctl("bootstrap").code == 0
    fleet = Fleet(tmp_path / "fleet").has(MANY)
    assert envctl("apply", "--yes").code == 0
    before = tables()
    fleet.has({name: text.replace('"old"', '"new"') for name, text in MANY.items()})
    done = envctl("apply", "--yes", "--format", "json")
    assert done.code == 0, done.err
    return str(done.json["transaction"]), before


@pytest.mark.slow
def test_three_hundred_changes_killed_in_the_middle_and_again_go_back(
    many: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction, before = many
    real = DynamoStore.transact
    planned = envctl("rollback", transaction, "--plan").out.splitlines()
    assert len(planned) < 30, "three hundred alike are told once"
    # Before its override is made; then among its changes, after some were made.
    for moment, sends in ((1, False), (4, True)):
        sent: list[int] = []

        def killed(
            self: DynamoStore,
            writes: Sequence[Write],
            token: str,
            *,
            sent: list[int] = sent,
            moment: int = moment,
            sends: bool = sends,
        ) -> Any:
            sent.append(len(writes))
            if len(sent) >= moment and not sends:
                raise KeyboardInterrupt
            answer = real(self, writes, token)
            if len(sent) >= moment:
                raise KeyboardInterrupt
            return answer

        monkeypatch.setattr(DynamoStore, "transact", killed)
        assert envctl("rollback", transaction, "--yes", "--wait", "2m").code == 130
        monkeypatch.setattr(DynamoStore, "transact", real)

    ended = envctl("rollback", transaction, "--yes", "--wait", "2m")

    assert ended.code == 0, ended.err + ended.out
    assert tables() == before
    again = envctl("plan")
    assert again.code == 0, again.out
    assert envctl("audit", "verify", "--replay").code == 0
