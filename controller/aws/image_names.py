"""Names of machine images by their ids."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

AT_ONCE: Final = 200
"""EC2 takes at most 200 values in a filter."""


def image_names(client: "EC2Client", ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (id, name) of those images that the account may see. Raises as any call."""
    wanted = sorted(set(ids))
    place = place_of(client)
    for first in range(0, len(wanted), AT_ONCE):
        # A filter, as a list of ids would be refused for a single image that is gone.
        values = wanted[first : first + AT_ONCE]
        with aws_errors("images: read the names of images", place):
            answer = client.describe_images(Filters=[{"Name": "image-id", "Values": values}])
        for image in answer["Images"]:
            yield image["ImageId"], image.get("Name", "")
