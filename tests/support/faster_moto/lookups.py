"""Look-ups that moto answers by walking through everything it holds."""

from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

from moto.core import responses
from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

_LOOK_UP: Callable[[type], list[str]] = vars(responses)["method_names_from_class"]


def install() -> None:
    """Let an EC2 resource find its tags under its own id, and an instance be found without listing all of them."""
    for owner, name, replacement in (
        (TaggedEC2Resource, "get_tags", _own_tags),
        (InstanceBackend, "get_instance", _instance),
    ):
        setattr(owner, name, replacement)
    # moto looks through all methods of a service's class at each call.
    vars(responses)["method_names_from_class"] = _method_names


def _method_names(service: type) -> list[str]:
    """Look again where a test has given a class a method, or taken it away."""
    return _looked_up(service, tuple(len(vars(one)) for one in service.__mro__))


@cache
def _looked_up(service: type, _: tuple[int, ...]) -> list[str]:
    names: list[str] = _LOOK_UP(service)
    return names


def _own_tags(self: Any) -> list[dict[str, str]]:
    return [
        {
            "resource_id": self.id,
            "key": key,
            "value": value,
            "resource_type": EC2_PREFIX_TO_RESOURCE.get(get_prefix(self.id), ""),
        }
        for key, value in self.ec2_backend.tags.get(self.id, {}).items()
    ]


def _instance(self: Any, instance_id: str) -> Any:
    """Return an instance. The youngest are looked at first: moto asks for each as soon as it is made."""
    known = self.__dict__.setdefault("sandbox_instances", WeakValueDictionary())
    found = known.get(instance_id)
    if found is None:
        for reservation in reversed(list(self.reservations.values())):
            for instance in reservation.instances:
                if instance.id == instance_id:
                    known[instance_id] = instance
                    return instance
        raise InvalidInstanceIdError(instance_id)
    return found
