from datetime import UTC, datetime, timedelta

from controller.views.plan.remarks import ages

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_each_scope_says_when_it_was_seen_the_tables_first() -> None:
    seen = {
        "acme/eu-west-1": NOW - timedelta(hours=2),
        "config": NOW - timedelta(minutes=12),
    }

    assert list(ages(seen, NOW)) == [
        "config: as seen 12 min ago, Tue 24 Nov 09:48 UTC",
        "acme/eu-west-1: as seen 2 h ago, Tue 24 Nov 08:00 UTC",
    ]
