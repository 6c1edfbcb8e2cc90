"""People who plan from a clone of the source, think about it while others act, and say yes."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.engine.reconcile.reconciler import Reconciled, Reconciler
from controller.sources.folder import FolderSource
from tests.support.live_accounts import LiveEstate
from tests.support.reconcilers import asked
from tests.support.reconcilers import reconciler as reconciler_of

SERVICE = """apiVersion: envctl/v1
kind: Service
metadata: {name: %s}
spec: {owningCluster: %s, bluePort: %d}
"""


@dataclass
class Person:
    """Somebody with a clone of the source, who plans, thinks, and says yes."""

    estate: LiveEstate
    folder: Path
    name: str

    def __post_init__(self) -> None:
        """Take a clone, and what this person's process keeps between plan and apply."""
        shutil.copytree(self.estate.folder, self.folder)
        self.reconciler: Reconciler = reconciler_of(
            FolderSource(self.folder),
            self.estate.live(self.name),
            lambda: self.estate.clock.now,
            self.estate.events.append,
        )

    def plans(self, files: dict[str, str | None], *scopes: str, **options: Any) -> "Person":
        """Edit the clone and plan it."""
        for name, text in files.items():
            (self.folder / name).unlink() if text is None else (self.folder / name).write_text(text)
        self.request = asked(*scopes, worker=self.name, **options)
        self.planned: CombinedPlan = self.reconciler.plan(self.request)
        return self

    def says_yes(self) -> Reconciled:
        """Apply what was planned."""
        return self.reconciler.apply(self.planned, self.request)
