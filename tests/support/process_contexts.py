"""What the operating system would give a process, with an environment of one's own."""

from datetime import UTC, datetime

from controller.engine.installation.process_context import ProcessContext

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def around(**environment: str) -> ProcessContext:
    """Return the context of a process that has these variables and no others."""
    return ProcessContext(
        environment=environment,
        clock=lambda: NOW,
        sleep=lambda _: None,
        user="ada",
        instance="here-1",
    )
