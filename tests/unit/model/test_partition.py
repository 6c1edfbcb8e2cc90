"""Every region that botocore knows is of the partition that botocore has it in."""

from botocore.session import Session

from controller.model.partition import partition_of


def test_every_region_is_known_by_its_name() -> None:
    session = Session()
    there = {
        region: partition
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition, allow_non_regional=False)
    }
    assert len(there) > 25
    assert {region: partition_of(region) for region in there} == there
    assert partition_of("") == "aws"
