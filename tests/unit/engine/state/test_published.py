import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from controller.aws.blob_store import Bound
from controller.aws.errors import NotFound
from controller.engine.state.published import (
    MAX_TRIES,
    RENEWED_AFTER,
    LookPublisher,
    key_of,
    place_at,
    place_in,
    read_published,
)
from controller.errors import Conflict, WrongUsage
from controller.model.observed import ObservedState, ScopeState
from controller.place_settings import ObservedSettings
from controller.planning.look_json import PublishedLook, write_look
from controller.redactor import REDACTOR
from controller.snapshots.replaceable import BucketFiles, FolderFiles, Held

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)


def look(
    at: datetime = AT, reason: str = "", scope: str = "config", looks: int = 0
) -> PublishedLook:
    state = ObservedState(scope, ScopeState.OK, {}, facts={"said": reason})
    return PublishedLook(
        scope=scope, at=at, epoch=0, looks=looks, installation="ours", config=state
    )


@pytest.fixture
def files(tmp_path: Path) -> FolderFiles:
    return FolderFiles(tmp_path / "observed")


def publisher(files: Any, epoch: int = 1) -> LookPublisher:
    """Return one whose clock is an hour after ``AT``, and which finds that somebody took the scope over once it has begun."""
    epochs = chain([epoch], repeat(max(epoch, 1)))
    return LookPublisher(files, lambda _: next(epochs), lambda: AT + timedelta(hours=1))


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("config", "config.json.gz"),
        ("acme/eu-west-1", "acme/eu-west-1.json.gz"),
        ("a b/eu-west-1", "a=20b/eu-west-1.json.gz"),
        ("../eu-west-1", "=2E./eu-west-1.json.gz"),
        ("\u00fc%/eu-west-1", "=C3=BC=25/eu-west-1.json.gz"),
    ],
)
def test_a_scope_has_a_file_below_the_place(scope: str, key: str) -> None:
    assert key_of(scope) == key


def test_what_is_published_is_read_with_the_epoch_of_then(files: FolderFiles) -> None:
    assert publisher(files, 7).publish(look())

    assert read_published(files, "config") == replace(look(), epoch=7)


def test_what_shows_nothing_new_is_published_again_after_a_while(files: FolderFiles) -> None:
    ours = publisher(files)
    soon, late = AT + RENEWED_AFTER - timedelta(seconds=1), AT + RENEWED_AFTER

    published = [ours.publish(look(at)) for at in (AT, soon, late)]

    assert published == [True, False, True]
    assert read_published(files, "config").at == late
    assert ours.publish(look(late, "something new"))


@pytest.mark.parametrize(
    ("epoch", "looks", "minutes", "replaced", "because"),
    [
        (2, 3, -59, True, "the owner of now saw it, whatever its clock says"),
        (1, 4, -59, True, "it began after the other was written, whatever its clock says"),
        (1, 3, 59, True, "it was seen later"),
        (1, 3, -59, False, "it was seen earlier"),
        (1, 2, 59, False, "it began before another that was written before the first"),
        (0, 4, 59, False, "an owner of before saw it"),
        (1, 0, 60, True, "no clock is so far ahead: counts have begun anew"),
    ],
)
def test_an_older_look_never_replaces_a_newer(
    files: FolderFiles, epoch: int, looks: int, minutes: int, replaced: bool, because: str
) -> None:
    publisher(files, 1).publish(look(AT, "first", looks=3))

    second = look(AT + timedelta(minutes=minutes), "second", looks=looks)
    assert publisher(files, epoch).publish(second) is replaced, because

    (state,) = [found for found in [read_published(files, "config").config] if found]
    assert state.facts == {"said": "second" if replaced else "first"}


@pytest.mark.parametrize(
    ("epoch", "at"), [(1, AT + timedelta(days=3000)), (1, AT + timedelta(minutes=66)), (2**53, AT)]
)
def test_what_no_controller_can_have_published_yet_is_replaced(
    files: FolderFiles, epoch: int, at: datetime
) -> None:
    forged = gzip.compress(write_look(replace(look(at), epoch=epoch)))
    files.replace("config.json.gz", forged, None)

    assert publisher(files).publish(look())
    assert read_published(files, "config").at == AT


def test_a_look_at_another_scope_is_none(files: FolderFiles) -> None:
    version = None
    for forged in (
        replace(look(), scope="acme/eu-west-1"),
        replace(look(), config=look(scope="acme/eu-west-1").config),
    ):
        version = files.replace("config.json.gz", gzip.compress(write_look(forged)), version)

        with pytest.raises(WrongUsage, match="at another scope"):
            read_published(files, "config")


def test_the_same_process_publishes_nothing_older_either(files: FolderFiles) -> None:
    ours = publisher(files)
    ours.publish(look(AT, "first"))

    assert not ours.publish(look(AT - timedelta(hours=1), "second"))


def test_what_nobody_can_plan_from_is_replaced(files: FolderFiles) -> None:
    files.replace("config.json.gz", b"no look", None)
    with pytest.raises(WrongUsage, match="it is not compressed, or not whole"):
        read_published(files, "config")

    assert publisher(files).publish(look())
    assert read_published(files, "config").at == AT


def test_no_secret_is_in_it(files: FolderFiles) -> None:
    REDACTOR.tell("an external id")

    publisher(files).publish(look(AT, 'it is "an external id"'))

    state = read_published(files, "config").config
    assert state is not None
    assert state.facts == {"said": 'it is "***"'}


class Contended:
    """A place that others write to all the time, or that is not there."""

    name = "s3://acme/observed"

    def __init__(self, there: Callable[[], Held]) -> None:
        self.there, self.tries = there, 0

    def read(self, key: str, bound: Bound) -> Held:
        return self.there()

    def replace(self, key: str, content: bytes, version: str | None) -> str:
        self.tries += 1
        raise Conflict("looks: somebody else was first")


def test_others_who_replace_it_all_the_time_are_told_of() -> None:
    place = Contended(lambda: Held(b"", "1"))

    with pytest.raises(Conflict, match="others replace it all the time"):
        publisher(place).publish(look())
    assert place.tries == MAX_TRIES


@pytest.mark.parametrize(("code", "told"), [("NoSuchBucket", NotFound), ("NoSuchKey", Conflict)])
def test_a_bucket_that_is_not_there_is_told_at_once(code: str, told: type[Exception]) -> None:
    def nothing() -> Held:
        raise NotFound("looks: not found", code)

    with pytest.raises(told):
        publisher(Contended(nothing)).publish(look())


def test_places_of_settings_and_of_people(tmp_path: Path) -> None:
    access: Any = SimpleNamespace(client=lambda *where: where)

    assert place_in(ObservedSettings(), access) is None
    assert place_in(ObservedSettings(folder=str(tmp_path)), access) == FolderFiles(tmp_path)
    of_settings = place_in(ObservedSettings(bucket="acme", region="eu-north-1"), access)
    assert isinstance(of_settings, BucketFiles)
    client: Any = of_settings.client
    assert (of_settings.name, client) == ("s3://acme/observed", ("s3", "", "eu-north-1"))
    named = place_at("s3://acme/a/b/", access)
    assert (named.name, place_at("x", access).name) == ("s3://acme/a/b", "x")
    with pytest.raises(WrongUsage):
        place_at("s3://", access)
