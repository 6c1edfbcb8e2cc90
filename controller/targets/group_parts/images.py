"""Which image a role's wish means, among those found. Nothing is read here."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from controller.model.plan import Lack

_VERSIONED = re.compile(r"(?P<type>.+)-(?P<version>[0-9]+\.[0-9]+\.[0-9]+)")

Version = tuple[int, ...]


class FoundImage(NamedTuple):
    """One image as EC2 describes it."""

    id: str
    name: str
    owner: str
    """Number of the account it belongs to."""
    owner_alias: str
    """``amazon`` and the like, else empty."""
    platform: Literal["Linux", "Windows"]
    stable: bool
    """Its tag ``stable`` (any case) is not empty, or its description is ``stable`` (domain rule)."""
    root_device: str
    root_size: int
    """GB; 0 where EC2 does not tell."""
    created_at: str
    """As EC2 writes it, which sorts by time."""
    deprecated_at: str = ""
    """As EC2 writes it; empty where its owner deprecates it at no time."""
    tags_seen: bool = True
    """Tags of an image are shown to its owner alone: whether it was asked for in that account."""

    def is_offered(self, now: datetime) -> bool:
        """Tell whether it may be the latest stable version of its type."""
        until = datetime.fromisoformat(self.deprecated_at) if self.deprecated_at else None
        return self.stable and (until is None or now < until)


class Trust(NamedTuple):
    """Whose images may be used: account numbers and aliases."""

    owners: tuple[str, ...]

    def __str__(self) -> str:
        """Print as questions have it."""
        return ",".join(self.owners)

    def covers(self, image: FoundImage) -> bool:
        """Tell whether an image may be used."""
        return image.owner in self.owners or (
            bool(image.owner_alias) and image.owner_alias in self.owners
        )


def form_of(wish: str) -> Literal["id", "version", "type"]:
    """Tell what a wish is: an image's id, its full name with version, or a type, which means the latest stable one."""
    if wish.startswith("ami-"):
        return "id"
    return "version" if _VERSIONED.fullmatch(wish) else "type"


def version_of(name: str) -> tuple[str, Version] | None:
    """Part a full name into type and version; versions compare as numbers, not as text."""
    match = _VERSIONED.fullmatch(name)
    if match is None:
        return None
    return match["type"], tuple(map(int, match["version"].split(".")))


def choose(
    wish: str, images: Iterable[FoundImage], trust: Trust, now: datetime
) -> FoundImage | Lack:
    """Return the image a wish means, or what is wrong, with what to do. One that is named may be deprecated."""
    found = sorted(images, key=lambda image: (image.created_at, image.id))
    form = form_of(wish)
    fitting = [image for image in found if _fits(wish, form, image, now)]
    trusted = [image for image in fitting if trust.covers(image)]
    if not trusted:
        return _lacking(wish, form, found, fitting)
    if form != "type":
        return trusted[-1]
    return max(trusted, key=lambda image: (version_of(image.name) or ("", ()))[1])


def _fits(wish: str, form: str, image: FoundImage, now: datetime) -> bool:
    if form == "id":
        return image.id == wish
    if form == "version":
        return image.name == wish
    parts = version_of(image.name)
    return image.is_offered(now) and parts is not None and parts[0] == wish


def _lacking(wish: str, form: str, found: Iterable[FoundImage], fitting: list[FoundImage]) -> Lack:
    if fitting:
        owners = ", ".join(sorted({image.owner for image in fitting}))
        return Lack(
            f"image {wish} belongs to account {owners}, whose images are not trusted",
            "add it to trustedImageOwners, or set includeAmis of that Account",
        )
    if form == "type":
        of_type = [image for image in found if (version_of(image.name) or ("",))[0] == wish]
        unseen = sorted({image.owner for image in of_type if not image.tags_seen})
        if unseen:
            return Lack(
                f"whether a version of image {wish} is stable cannot be told: tags of images are shown to their owner alone,"
                f" and account {', '.join(unseen)} cannot be asked",
                "write an Account with its number and a role for envctl, or give the image the description stable",
            )
        if any(image.stable for image in of_type):
            return Lack(
                f"every stable version of image {wish} is deprecated", "publish one that is not"
            )
        if of_type:
            return Lack(
                f"no version of image {wish} is stable",
                f"give {of_type[-1].name} the tag stable=true",
            )
        return Lack(
            f"there is no image {wish}-X.Y.Z", "publish one with the tag stable=true, or share it"
        )
    return Lack(
        f"there is no image {wish}", "publish it in this region, or share it with this account"
    )
