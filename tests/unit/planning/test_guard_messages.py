"""A refusal says what it counts, what it may be, and which folder went."""

from collections.abc import Iterable
from typing import Any

import pytest

from controller.model.observed import Observation
from controller.model.plan import Cause, Change
from controller.planning.guards import GuardSettings
from controller.planning.wording import plural
from tests.unit.planning.guarded import (
    FOUR_EACH,
    MAPS,
    PROTECTED,
    RETIRED,
    SPREAD,
    TEN,
    gone,
    judge,
    new,
    paths,
    there,
    touched,
)
from tests.unit.planning.worlds import ref

NINE = "9 of 9 DeploymentMaps would be deleted"
FOUR = "Environment/k000, Environment/k001, Environment/k002 and 1 more"
ALL_TEN = "10 of 10 DeploymentMaps would be updated"


@pytest.mark.parametrize(
    ("objects", "changes", "more", "message"),
    [
        (
            there(150, "Environment", extra=RETIRED),
            gone(there(62, "Environment")),
            {},
            "62 of 150 Environments would be deleted (41 %; limit 30 %, maxDeletes 50)",
        ),
        (MAPS, gone(MAPS), {}, "9 of 9 DeploymentMaps would be deleted (limit 3 of fewer than 10)"),
        (SPREAD, gone(FOUR_EACH), {}, "52 objects would be deleted (maxDeletes 50)"),
        (
            [*SPREAD, *MAPS],
            gone([*FOUR_EACH, *MAPS]),
            {},
            f"61 objects would be deleted (maxDeletes 50); {NINE} (limit 3 of fewer than 10, maxDeletes 50)",
        ),
        (
            there(5, "Service", extra=PROTECTED),
            gone(there(5, "Service"))[:1],
            {},
            "Service/k000 would be deleted but is protected",
        ),
        (
            there(9, "Environment"),
            gone(there(5, "Environment"))[:4],
            {"limits": GuardSettings(small_max_deletes=9)},
            f"{FOUR} would be deleted without having been retired",
        ),
        (
            TEN,
            touched(TEN, Cause.DRIFTED),
            {},
            f"{ALL_TEN} for a cause nobody reviewed: drifted (100 %; limit 30 %)",
        ),
    ],
)  # fmt: skip
def test_what_a_violation_says(
    objects: list[Observation], changes: list[Change], more: dict[str, Any], message: str
) -> None:
    (violation,) = judge(objects, changes, **more)

    assert violation.message == message


# Renamed and moved folders.

STAGING = there(40, "DeploymentMap", "fleet/staging")
REST = there(60, "DeploymentMap", "fleet/rest")
OBJECTS = [one._replace(ref=ref(f"DeploymentMap/s{n}")) for n, one in enumerate(STAGING)]
ALL = [*OBJECTS, *REST]


def hint_of(creates: list[Change], source: Iterable[str] | None, going: Any = OBJECTS) -> str:
    source_paths = None if source is None else frozenset(source)
    (violation,) = judge(ALL, [*gone(going), *creates], source_paths=source_paths)
    return violation.hint


def test_a_renamed_folder_is_named_with_what_comes_instead() -> None:
    creates = new(40, folder="fleet/stage")

    hint = hint_of(creates, [*paths(REST), *(c.origin.path for c in creates if c.origin)])

    assert hint == (
        "fleet/staging/ is gone; fleet/stage/ is new with 40 DeploymentMaps, none with the same name\n"
        "Was it a rename with new names? Then this is what you get: 40 end, 40 begin."
    )


@pytest.mark.parametrize(
    ("creates", "because"),
    [
        ([], "nothing new"),
        (new(19, folder="fleet/stage"), "less than half as many"),
        (new(81, folder="fleet/stage"), "more than twice as many"),
        (new(40, "Service", "fleet/stage"), "another kind"),
        (new(40, folder="fleet/rest"), "in a folder that had been there, a file each"),
    ],
)
def test_a_folder_that_is_gone_is_named(creates: list[Change], because: str) -> None:
    hint = hint_of(creates, paths(REST))

    assert hint == (
        "40 of them came from fleet/staging/, which is gone: was it moved, or read only in part?"
    ), because


@pytest.mark.parametrize(
    ("source", "because"),
    [
        (None, "the source has no files"),
        ([*paths(REST), *paths(OBJECTS)], "the files are all there: the objects were taken out"),
        ([*paths(REST), "fleet/staging/kept.yaml"], "file by file, the folder is there"),
    ],
)
def test_nothing_is_said_of_folders_that_are_there(source: list[str] | None, because: str) -> None:
    assert hint_of([], source) == "", because


@pytest.mark.parametrize(
    ("kind", "many"), [("Service", "Services"), ("NotificationSettings", "NotificationSettings")]
)
def test_plurals(kind: str, many: str) -> None:
    assert plural(kind) == many
