"""Names that AWS gives: of regions and of instance types, as they were when this version was made.

They stand in ``aws_names.json``, which is written from botocore's data (``make golden``), so that nothing has to be asked
for. AWS adds to them every month: a name that is not among them is warned of, never refused.
"""

import json
from functools import cache
from importlib import resources

from controller.kinds.language.kind import Finding, Findings, Path
from controller.model.closest import did_you_mean
from controller.model.ref import ProblemCode


@cache
def aws_names() -> dict[str, frozenset[str]]:
    """Return the names by sort: ``regions`` and ``instanceTypes``."""
    text = resources.files(__package__).joinpath("aws_names.json").read_text(encoding="utf-8")
    return {sort: frozenset(names) for sort, names in json.loads(text).items()}


def region_findings(region: str, at: Path) -> Findings:
    """Warn of a region that AWS did not have; ``at`` leads to it."""
    return _findings("regions", "region", region, at, ProblemCode.UNKNOWN_REGION)


def instance_type_findings(instance_type: str, at: Path) -> Findings:
    """Warn of an instance type that AWS did not have; ``at`` leads to it."""
    code = ProblemCode.UNKNOWN_INSTANCE_TYPE
    return _findings("instanceTypes", "instance type", instance_type, at, code)


def _findings(sort: str, what: str, name: str, at: Path, code: ProblemCode) -> Findings:
    known = aws_names()[sort]
    if name not in known:
        message = f"{name!r} is no {what} that this version of envctl knows"
        fix = did_you_mean(name, known, "correct it, unless AWS has it since")
        yield Finding(at, message, fix, warning=True, code=code)
