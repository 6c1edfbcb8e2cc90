"""The partitions of AWS: worlds of regions of their own, whose ARNs begin with their names."""

from typing import Final

_BY_REGION: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}
"""How names of regions begin that are not of the partition ``aws``. Source: botocore's endpoints."""


def partition_of(region: str) -> str:
    """Return the partition that a region is of."""
    return next((name for begin, name in _BY_REGION.items() if region.startswith(begin)), "aws")
