"""A file approves what one of the listed keys signed for approvals, of one revision; whatever else is done to it approves nothing."""

import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from controller import catalog
from controller.engine.installation.installation import Master
from controller.engine.installation.signed_approvals import signed_lines
from controller.planning.approvals import NO_LINES, SIGNED_FOR, ApprovalSettings, CommitLines
from controller.settings import Settings
from tests.support.buckets import Bucket, buckets_in_process
from tests.support.process_contexts import around
from tests.support.ssh_signing import SigningKey

COMMIT = "9f1e0aa4c1d2e3f40516273849a0b1c2d3e4f506"
TOKEN = "approvalRequired@3f9c1a77d0e2b415"
TEXT = f"revision {COMMIT}\n{TOKEN}\n".encode()
EDITS = 1_000


class Desk:
    """A file of approvals, and what is read of it."""

    def __init__(self, folder: Path) -> None:
        self.ada = SigningKey.of("ada", folder / "keys")
        self.mallory = SigningKey.of("ada", folder / "others")
        self.place = folder / "approvals"
        self.master = self._master(str(self.place))

    def _master(self, place: str) -> Master:
        approvals = ApprovalSettings(signed=place, signers=(self.ada.listed,))
        return Master(Settings(approvals=approvals), around(), catalog.kinds())

    def lies(self, text: bytes, signature: bytes) -> None:
        self.place.write_bytes(text)
        self.place.with_suffix(".sig").write_bytes(signature)

    def read(self, revision: str = COMMIT) -> CommitLines:
        return signed_lines(self.master, revision)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_a_listed_key_signed_approves_its_revision_and_no_other(desk: Desk) -> None:
    assert desk.read() == NO_LINES, "nobody has signed anything"
    desk.lies(TEXT, desk.ada.sign(TEXT, SIGNED_FOR))

    (given,) = desk.read().signed

    assert (given.token, given.by) == (TOKEN, "a file signed by ada")
    assert desk.read(COMMIT[::-1]) == NO_LINES


def test_of_a_bucket_as_of_a_folder(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = desk.ada.sign(TEXT, SIGNED_FOR)
    with buckets_in_process() as client:
        bucket = Bucket.made(client).name
        client.put_object(Bucket=bucket, Key="approvals", Body=TEXT)
        client.put_object(Bucket=bucket, Key="approvals.sig", Body=signature)
        monkeypatch.setattr(desk, "master", desk._master(f"s3://{bucket}/approvals"))

        (given,) = desk.read().signed

    assert given.token == TOKEN


@pytest.mark.parametrize(
    ("sign", "because"),
    [
        (lambda desk: desk.mallory.sign(TEXT, SIGNED_FOR), "another key of the same name"),
        (lambda desk: desk.ada.sign(TEXT, "git"), "signed as a commit is"),
        (lambda desk: desk.ada.sign(TEXT + b"#", SIGNED_FOR), "another text"),
        (lambda _: b"", "no signature"),
        (lambda _: b"x" * 100_000, "more than is read"),
    ],
)
def test_what_nobody_listed_signed_approves_nothing_and_says_so(
    desk: Desk, sign: Callable[[Desk], bytes], because: str
) -> None:
    desk.lies(TEXT, sign(desk))

    found = desk.read()

    assert found.signed == (), because
    (note,) = found.notes
    assert note.text.startswith(f"the file {desk.place} approves nothing: "), because


def test_a_file_that_cannot_be_read_approves_nothing_and_says_so(desk: Desk) -> None:
    desk.place.mkdir()

    (note,) = desk.read().notes

    assert "cannot be read: Is a directory" in note.text


@pytest.mark.slow
def test_of_a_thousand_edited_files_none_approves_anything(desk: Desk) -> None:
    signature, chance = desk.ada.sign(TEXT, SIGNED_FOR), random.Random(15)
    digits = string.hexdigits.encode()
    of_others = desk.mallory.sign(TEXT, SIGNED_FOR)
    edits = 0
    while edits < EDITS:
        text, signed = bytearray(TEXT), bytearray(chance.choice((signature, signature, of_others)))
        # Another digest, another revision, another line, or another signature.
        for _ in range(chance.randint(1, 4)):
            holder = chance.choice((text, text, signed))
            place = chance.randrange(len(holder))
            holder[place : place + chance.randrange(2)] = bytes([chance.choice(digits)])
        if bytes(text) == TEXT and bytes(signed) == signature:
            continue
        edits += 1
        desk.lies(bytes(text), bytes(signed))
        tokens = [given.token for given in desk.read().signed]
        # How the lines of a signature are broken is no part of it: then it is what was signed.
        assert tokens == [] or (bytes(text) == TEXT and tokens == [TOKEN]), (text, signed)
