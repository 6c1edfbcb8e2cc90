"""Status says how far old records were moved out of the ledger's table."""

from datetime import UTC, datetime
from typing import Any

import pytest

from controller.engine.queries.status.read import archive_in
from controller.engine.queries.status.view import ArchiveView, SourceView, StatusView
from controller.views.documents.status import status_json
from controller.views.status_text import status_lines
from controller.views.style import plain
from tests.support.documents import printed


def status(rows: dict[str, Any]) -> StatusView:
    """Return a status of nothing but what rows say of the archive."""
    return StatusView(
        at=datetime(2026, 11, 24, 10, 12, tzinfo=UTC),
        version="1.4.2",
        installation="3f" * 16,
        source=SourceView("", "none"),
        scopes=(),
        overrides=(),
        storms=(),
        power=None,
        archive=archive_in(rows),
    )


def text(view: StatusView) -> str:
    """Return what people read."""
    return plain(status_lines(view))


def shown(view: StatusView) -> Any:
    """Return what programs read."""
    return printed("status", status_json(view))


def test_how_far_old_records_were_moved_is_told() -> None:
    moved = {
        "config": {"To": 1000, "Hash": "aa", "At": "2026-08-30T22:00:00.000Z"},
        "1/eu-west-1": {"To": 234, "Hash": "bb", "At": "2026-08-31T23:59:59.999Z"},
    }

    view = status({"archives": {"Id": "archives", **moved}})

    assert "1,234 of 2 scopes moved to segments, up to 2026-08-31" in text(view)
    told = {"records": 1234, "scopes": 2, "until": "2026-08-31T23:59:59.999Z", "detail": ""}
    assert shown(view)["archive"] == told


def test_where_no_record_was_moved_nothing_is_told_of_it() -> None:
    assert archive_in({}) is None
    assert shown(status({}))["archive"] is None


@pytest.mark.parametrize("at", ["last year", 5, None])
def test_a_damaged_row_of_what_was_moved_is_told_and_the_rest_holds(at: object) -> None:
    row = {"Id": "archives", "config": {"To": 3, "Hash": "aa", "At": at}}

    view = status({"archives": row})

    assert view.archive == ArchiveView(detail=view.archive.detail if view.archive else "")
    assert "cannot be told: ledger: row archives of EnvctlState is damaged" in text(view)
    assert "0 records in 0 chains" in text(view)
