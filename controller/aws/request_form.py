"""What AWS described, in the form in which a request takes it back."""

from datetime import datetime
from typing import Any

from botocore.model import ListShape, Shape, StructureShape


def parameter(client: Any, operation: str, name: str) -> Shape:
    """Return the shape of a parameter of one of a client's operations, both named as AWS names them."""
    shape: Shape = client.meta.service_model.operation_model(operation).input_shape.members[name]
    return shape


def as_request(found: Any, shape: Shape) -> Any:
    """Return what was described as a request of that shape takes it: without what only answers have."""
    if isinstance(shape, StructureShape):
        parts = {
            name: as_request(found[name], member)
            for name, member in shape.members.items()
            if found.get(name) is not None
        }
        return {name: part for name, part in parts.items() if part not in ({}, [])}
    if isinstance(shape, ListShape):
        return [as_request(one, shape.member) for one in found]
    return found.isoformat() if isinstance(found, datetime) else found
