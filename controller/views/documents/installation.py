"""Documents of what is done to an installation as a whole: bootstrap and import."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypedDict

from controller.aws.table_setup import Difference
from controller.engine.authoring.import_fleet import Imported
from controller.engine.installation.bootstrap import BootstrapReport


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
    unseen: Annotated[Mapping[str, str], "Scope -> why it was not looked at."]
    others: Annotated[list[str], "YAML files that were there before and were left."]


def bootstrap_json(report: BootstrapReport) -> BootstrapDocument:
    """Return what bootstrap found and did."""
    return {
        "installation": report.installation,
        "new": report.installation_is_new,
        "created": sorted(report.created),
        "applied": [str(difference) for difference in report.applied],
        "remaining": [str(difference) for difference in report.remaining],
        "mended": report.applied,
        "differing": report.remaining,
        "recorded": report.baseline.recorded if report.baseline else 0,
        "changed": report.changed,
    }


def import_json(
    found: Imported, files: Collection[str], folder: Path, others: Collection[str]
) -> ImportDocument:
    """Return what was written to a folder; ``others`` are YAML files that were there before."""
    return {
        "folder": str(folder),
        "files": sorted(files),
        "objects": found.objects,
        "oddities": found.oddities,
        "leftOut": found.left_out,
        "unseen": found.unseen,
        "others": list(others),
    }
