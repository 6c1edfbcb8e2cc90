"""Documents of what is done to an installation as a whole: bootstrap and import."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypedDict

from controller.aws.table_setup import Difference
from controller.engine.authoring.import_fleet import Imported
from controller.engine.installation.bootstrap import BootstrapReport
from controller.views.documents.envelope import filled


class BootstrapDocument(TypedDict):
    """What bootstrap found and did."""

    installation: str
    new: bool
    created: Annotated[list[str], "Tables made by this run."]
    applied: Annotated[list[str], "Differences mended by this run, in words."]
    remaining: Annotated[list[str], "Differences that are left, in words."]
    mended: Annotated[Sequence[Difference], "Those mended, as data."]
    differing: Annotated[Sequence[Difference], "Those left, as data."]
    recorded: Annotated[int, "Items that existed before and are on record now."]
    changed: bool


class ImportDocument(TypedDict):
    """What import wrote."""

    folder: str
    files: Annotated[list[str], "Paths below the folder."]
    objects: int
    oddities: int
    leftOut: int
    unseen: Annotated[Mapping[str, str], "Scope, or table of a backup -> why it was not looked at."]
    others: Annotated[list[str], "YAML files that were there before and were left."]


def bootstrap_json(report: BootstrapReport) -> BootstrapDocument:
    """Return what bootstrap found and did."""
    return filled(
        BootstrapDocument,
        report,
        new=report.installation_is_new,
        created=sorted(report.created),
        applied=list(map(str, report.applied)),
        remaining=list(map(str, report.remaining)),
        mended=report.applied,
        differing=report.remaining,
        recorded=report.baseline.recorded if report.baseline else 0,
    )


def import_json(
    found: Imported, files: Collection[str], folder: Path, others: Collection[str]
) -> ImportDocument:
    """Return what was written to a folder; ``others`` are YAML files that were there before."""
    return filled(
        ImportDocument, found, folder=str(folder), files=sorted(files), others=list(others)
    )
