"""No ARN is built as one of the partition ``aws``: in China and GovCloud they begin otherwise."""

import re
from pathlib import Path
from typing import Final

from tests.architecture.repository import files, package_files, text

LITERAL: Final = re.compile(r"arn:aws:")
AS_IT_IS: Final = {
    "controller/aws/sessions.py": "what has the partition put in when a role is assumed, and an example in an error",
    "controller/kinds/account.py": "the conventional role, whose partition is put in when it is assumed, and an example in an error",
    "controller/loading/authoring/reading.py": "the conventional role, which is not written out",
    "deploy/child.yaml": "an example in a description",
    "deploy/master.yaml": "defaults of parameters, which the command that deploys it gives for its partition",
}
"""Where it stands all the same, and why."""
SANDBOX: Final = Path("controller/sandbox")
"""moto's IAM is of the partition ``aws`` alone."""


def test_none_is_of_one_partition_alone() -> None:
    deployed = [path for path in files() if path.parts[0] == "deploy"]
    found = {
        path.as_posix()
        for path in [*package_files(), *deployed]
        if not path.is_relative_to(SANDBOX) and LITERAL.search(text(path))
    }
    assert found == set(AS_IT_IS)
