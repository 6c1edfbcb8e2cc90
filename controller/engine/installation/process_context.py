"""What the process gives a command: everything that is not the same each time. Alone, as every command begins with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from controller.engine.commit.interruption import Interruption


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessContext:
    """``clock`` gives aware time, ``sleep`` takes seconds; ``user`` is who is at work, ``instance`` this process."""

    environment: Mapping[str, str]
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    user: str
    instance: str
    host: str = ""
    """The user this process runs as, and the machine: ``ada@laptop``."""
    interruption: Interruption = field(default_factory=Interruption)
    """Whether the process was asked to end; ``sleep`` may end early then."""

    @property
    def cache_dir(self) -> Path:
        """Where what can be fetched again is kept; whoever writes there makes it private."""
        chosen = self.environment.get("XDG_CACHE_HOME", "")
        # The XDG rule: a path that is not absolute is as good as none.
        base = Path(chosen) if chosen.startswith("/") else Path.home() / ".cache"
        return base / "envctl"

    @property
    def region(self) -> str:
        """The region AWS's own variables name, for what must be read before the settings are known."""
        return self.environment.get("AWS_REGION") or self.environment.get("AWS_DEFAULT_REGION", "")
