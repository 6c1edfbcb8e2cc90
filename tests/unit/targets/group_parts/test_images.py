"""Which image a role's wish means."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.targets.group_parts.images import FoundImage, Trust, choose, form_of, version_of
from controller.targets.groups import trusted_owners
from tests.support.live_account import FLEET, SCOPE, accepted_of

OURS = "012345670123"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
TRUST = Trust((OURS, "amazon"))
_numbers = count()


def image(name: str, owner: str = OURS, alias: str = "", *, stable: bool = True) -> FoundImage:
    number = next(_numbers)
    return FoundImage(
        f"ami-{number:08x}", name, owner, alias, "Linux", stable, "/dev/sda1", 15, f"{number:08}"
    )


IMAGES = [
    image("web-1.4.2"),
    image("web-1.10.0"),
    image("web-1.9.9"),
    image("web-2.0.0", stable=False),
    image("web-3.0.0", owner="999999999999"),
    image("web-proxy-9.0.0"),
    image("al-1.0.0", owner="137112412989", alias="amazon"),
]


@pytest.mark.parametrize(
    ("wish", "name", "because"),
    [
        ("web-1.4.2", "web-1.4.2", "by name with version"),
        ("web-2.0.0", "web-2.0.0", "a version that is named need not be stable"),
        ("web", "web-1.10.0", "latest stable: 10 is after 9, and others' images do not count"),
        ("web-proxy", "web-proxy-9.0.0", "a type may have a hyphen"),
        ("al", "al-1.0.0", "an owner may be trusted by alias"),
        (IMAGES[0].id, "web-1.4.2", "by id"),
    ],
)
def test_what_a_wish_means(wish: str, name: str, because: str) -> None:
    chosen = choose(wish, IMAGES, TRUST, NOW)
    assert isinstance(chosen, FoundImage), chosen
    assert chosen.name == name, because


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ("db-1.0.0", "there is no image db-1.0.0: publish it"),
        ("db", "there is no image db-X.Y.Z: publish one with the tag stable=true"),
        ("web-3.0.0", "belongs to account 999999999999, whose images are not trusted"),
        ("ami-0000000f", "there is no image ami-0000000f"),
    ],
)
def test_what_is_said_where_there_is_none(wish: str, words: str) -> None:
    assert words in str(choose(wish, IMAGES, TRUST, NOW))


def test_no_version_may_be_stable() -> None:
    assert "give web-1.0.0 the tag stable=true" in str(
        choose("web", [image("web-1.0.0", stable=False)], TRUST, NOW)
    )


def test_a_deprecated_version_is_only_taken_where_it_is_named() -> None:
    old, new = image("web-1.0.0"), image("web-1.1.0")
    gone = new._replace(deprecated_at="2026-11-23T00:00:00.000Z")
    later = new._replace(deprecated_at="2026-11-25T00:00:00.000Z")
    assert choose("web", [old, gone], TRUST, NOW) == old
    assert choose("web", [old, later], TRUST, NOW) == later
    assert choose("web-1.1.0", [old, gone], TRUST, NOW) == gone
    assert "every stable version of image web is deprecated" in str(
        choose("web", [gone], TRUST, NOW)
    )


def test_whether_it_is_stable_may_not_be_told() -> None:
    shared = image("web-1.0.0", stable=False)._replace(owner="999999999999", tags_seen=False)
    trust = Trust(("999999999999",))
    told = str(choose("web", [shared], trust, NOW))
    assert "account 999999999999 cannot be asked" in told
    assert choose("web-1.0.0", [shared], trust, NOW) == shared


def test_of_two_with_one_name_the_later_counts() -> None:
    first, second = image("web-1.0.0"), image("web-1.0.0")
    assert choose("web-1.0.0", [second, first], TRUST, NOW) == second


@pytest.mark.parametrize(
    ("wish", "form"),
    [("ami-1", "id"), ("web-1.2.3", "version"), ("web", "type"), ("web-1.2", "type"), ("web-1.2.3-rc1", "type")],
)  # fmt: skip
def test_forms_of_a_wish(wish: str, form: str) -> None:
    assert form_of(wish) == form


versions = st.tuples(*[st.integers(0, 99)] * 3)


@given(st.lists(versions, min_size=1, unique=True), st.randoms())
def test_the_latest_is_the_greatest_in_any_order(
    found: list[tuple[int, int, int]], random: object
) -> None:
    images = [image(f"web-{'.'.join(map(str, one))}") for one in found]
    random.shuffle(images)  # type: ignore[attr-defined] # hypothesis gives a Random
    chosen = choose("web", images, TRUST, NOW)
    assert isinstance(chosen, FoundImage)
    assert version_of(chosen.name) == ("web", max(found))


def test_an_account_shares_its_images_once_it_was_applied_as_sharing_them() -> None:
    other = ("Account", "images")
    shares = {**FLEET, other: {"accountNumber": "999999999999", "includeAmis": True}}
    keeps = {**FLEET, other: {"accountNumber": "999999999999"}}
    for before, owners in (
        (shares, [SCOPE.account, "999999999999"]),
        (keeps, [SCOPE.account]),
        (FLEET, [SCOPE.account]),
    ):
        accepted = replace(accepted_of(shares), before=accepted_of(before))
        assert trusted_owners(accepted, SCOPE) == owners
