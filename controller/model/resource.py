"""Desired objects: what the source says after defaults, and what a target is to hold because of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from controller.model.ref import Origin, ResourceRef


class Resource(NamedTuple):
    """One object of the desired state. Byte fields are canonical JSON; spec models are not kept.

    ``document`` is ``{"metadata": …, "spec": …}`` as authored with defaults merged in.
    """

    ref: ResourceRef
    origin: Origin
    place: int
    """Which document of its file it is, from 0."""
    document: bytes
    projection: "Projection"


@dataclass(frozen=True, slots=True)
class AuthoredDocument:
    """One object as its document alone, as of a ``Resource``: what it asks of targets is not worked out."""

    ref: ResourceRef
    origin: Origin
    document: bytes


class Projection(NamedTuple):
    """What one object asks of one target.

    ``attributes`` is what is compared with the target, ``extra`` what was authored but does not live in the
    attributes; ``digest`` covers both. ``owned`` are the paths among the shared fields that the YAML gives; a create
    writes the defaults of the others beside the attributes.
    """

    ref: ResourceRef
    attributes: bytes
    extra: bytes
    digest: str
    owned: tuple[str, ...] = ()
    depends_on: tuple[ResourceRef, ...] = ()
    retired: bool = False
    """Whether its lifecycle says so: what belongs to it then leaves."""


@dataclass(frozen=True, slots=True)
class DesiredState:
    """Everything one revision asks for. References are checked, defaults merged, derived attributes filled in."""

    revision: str
    label: str
    author: str
    message: str
    resources: Mapping[ResourceRef, Resource]
