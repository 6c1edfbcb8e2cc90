"""The names of regions and instance types are those of botocore's data (``--rewrite-golden`` takes them over)."""

import json
from pathlib import Path

import botocore.session
import pytest

from controller.kinds.parts import aws_names


def test_names_are_those_that_botocore_knows(request: pytest.FixtureRequest) -> None:
    data = botocore.session.get_session().get_component("data_loader")
    partitions = data.load_data("endpoints")["partitions"]
    types = data.load_service_model("ec2", "service-2")["shapes"]["InstanceType"]["enum"]
    names = {
        "regions": sorted(region for partition in partitions for region in partition["regions"]),
        "instanceTypes": sorted(types),
    }
    text = json.dumps(names, indent=0) + "\n"
    file = Path(aws_names.__file__).with_suffix(".json")
    if request.config.getoption("--rewrite-golden"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text
