"""Whose doing a change is, by its cause; and what is kept of that for what follows from it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from controller.model.accepted import AcceptedState
from controller.model.observed import NOBODY_KNOWN, MadeBy
from controller.model.override import Override
from controller.model.plan import Cause, Edit
from controller.model.ref import Authorship, DocumentPlace, Origin, ResourceRef
from controller.planning.authors import (
    CONTROLLER,
    made_by,
    maker_of,
    with_authors,
    with_live_author,
)
from tests.unit.planning.worlds import change, ref

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ADA = Authorship("c1", "Ada", "2026-11-01", "begin")
C50 = ResourceRef("Environment", "c50")


def override(name: str = "o1", **more: Any) -> Override:
    given = {"reason": "why", "actor": "carl", "since": NOW, "path": "x", "value": 1, **more}
    return Override(name, given.pop("ref", ref("A/a")), **given)


def test_a_document_is_asked_for_by_the_line_of_its_edit_and_a_gone_one_by_its_name() -> None:
    asked: list[DocumentPlace] = []

    def authors(places: Iterable[DocumentPlace]) -> Mapping[DocumentPlace, Authorship]:
        asked.extend(places)
        return {DocumentPlace("d.yaml", 4): ADA}

    own = replace(change("A/a"), origin=Origin("a.yaml", 3))
    found = with_authors(
        [
            replace(own, edit=Edit(Origin("d.yaml", 4), "")),
            replace(own, edit=Edit(Origin("new/"), "added")),
            replace(own, cause=Cause.PRUNED),
            replace(own, cause=Cause.PRUNED, origin=None),
            replace(own, cause=Cause.ADOPTED, origin=None),
            replace(own, cause=Cause.DRIFTED),
        ],
        [],
        lambda _: CONTROLLER,
        authors,
    )

    assert set(asked) == {
        DocumentPlace("d.yaml", 4),
        DocumentPlace("a.yaml", 3),
        DocumentPlace("a.yaml", ref=ref("A/a")),
    }
    assert [one.authorship for one in found] == [ADA, None, None, None, None, CONTROLLER]


def test_nobody_is_asked_where_no_document_is_changed() -> None:
    def authors(_: Iterable[DocumentPlace]) -> Mapping[DocumentPlace, Authorship]:
        raise AssertionError("asked for nothing")

    (found,) = with_authors([change("A/a", cause=Cause.DRIFTED)], [], lambda _: CONTROLLER, authors)

    assert found.authorship == CONTROLLER


@pytest.mark.parametrize(
    ("cause", "author", "because"),
    [
        (Cause.EDITED, None, "its document's author has been asked for"),
        (Cause.RESTORED, None, "whoever asks for the run"),
        (Cause.DRIFTED, "envctl", "nobody wanted it but the controller"),
        (Cause.OVERRIDDEN, "dora", "no override holds: who ended it"),
    ],
)
def test_what_no_document_accounts_for(cause: Cause, author: str | None, because: str) -> None:
    (found,) = with_authors(
        [change("A/a", cause=cause)], [], lambda _: Authorship("", "dora"), None
    )

    assert (found.authorship.author if found.authorship else None) == author, because


def test_of_several_overrides_the_newest_counts_and_all_are_kept() -> None:
    older = override("o0", since=NOW - timedelta(hours=1), actor="ben")
    held = [override(), older, override("o2", path="")]

    (found,) = with_authors([change("A/a", cause=Cause.OVERRIDDEN)], held, lambda _: ADA, None)

    assert found.authorship == maker_of(override())
    assert found.overrides == ("o0", "o1")


def test_an_edit_under_an_override_is_its_authors_and_keeps_the_override() -> None:
    edited = replace(change("A/a", cause=Cause.EDITED), authorship=ADA)

    (found,) = with_authors([edited], [override()], lambda _: CONTROLLER, None)

    assert (found.authorship, found.overrides) == (ADA, ("o1",))
    assert made_by(found, NOBODY_KNOWN).overrides == ("o1",)


def test_what_is_kept_of_a_change() -> None:
    before = MadeBy("Ben")
    own = change("A/a", cause=Cause.EDITED)

    assert made_by(replace(own, authorship=CONTROLLER), before) is before
    assert made_by(own, before) is NOBODY_KNOWN
    assert made_by(replace(own, authorship=ADA), before) == MadeBy(
        "Ada", "c1", "2026-11-01", "begin", "edited"
    )


def accepted(*made: tuple[str, MadeBy], overrides: Any = (), schedule: Any = None) -> AcceptedState:
    spec = SimpleNamespace(deployment_map="web", environment_type="Staging", schedule=schedule)
    return AcceptedState(
        specs={C50: spec},
        made_by={ResourceRef.parse(name): found for name, found in made},
        overrides=overrides,
    )


def by(author: str, date: str, cause: str = "edited") -> MadeBy:
    return MadeBy(author, "c", date, "", cause)


@pytest.mark.parametrize(
    ("made", "author", "cause", "because"),
    [
        ([], None, "edited", "nothing is known"),
        ([("Environment/c50", by("Ada", "2026-11-01"))], "Ada", "edited", "its own document"),
        (
            [
                ("Environment/c50", by("Ada", "2026-11-01T10:00:00+00:00")),
                ("DeploymentMap/web", by("Ben", "2026-11-02")),
            ],
            "Ben",
            "edited",
            "the last of those it follows",
        ),
        (
            [
                ("Environment/c50", by("Ada", "2026-11-01")),
                ("Schedule/hours", by("Mallory", "no moment")),
            ],
            "Ada",
            "edited",
            "what cannot be read is long ago",
        ),
        (
            [("Environment/c50", by("carl", "2026-11-03", "overridden"))],
            "carl",
            "overridden",
            "an override put it there",
        ),
    ],
)
def test_a_live_change_is_laid_to_the_last_of_its_documents(
    made: Any, author: str | None, cause: str, because: str
) -> None:
    state = accepted(*made, schedule=SimpleNamespace(use="hours"))

    found = with_live_author(change("A/a", cause=Cause.EDITED), C50, state)

    assert (found.authorship.author if found.authorship else None) == author, because
    assert found.cause == cause, because


@pytest.mark.parametrize(
    ("cause", "overrides", "author"),
    [
        (Cause.ROLLED_BACK, (), None),
        (Cause.SCHEDULED, (), "envctl"),
        (Cause.OVERRIDDEN, (override(ref=C50),), "carl"),
        (Cause.OVERRIDDEN, (override(),), "carl"),
        (Cause.OVERRIDDEN, (), None),
    ],
)
def test_a_live_change_that_follows_no_document(
    cause: Cause, overrides: Any, author: str | None
) -> None:
    found = with_live_author(change("A/a", cause=cause), C50, accepted(overrides=overrides))

    assert (found.authorship.author if found.authorship else None) == author


def test_a_pruned_group_under_an_override_stays_pruned() -> None:
    state = accepted(("Environment/c50", by("carl", "2026-11-03", "overridden")))
    gone = ResourceRef("Environment", "gone")

    assert with_live_author(change("A/a", cause=Cause.PRUNED), C50, state).cause is Cause.PRUNED
    assert with_live_author(change("A/a", cause=Cause.PRUNED), gone, state).authorship is None
