"""Keys in the settings are public keys with a name before them, and nothing that ssh-keygen would take for more."""

import pytest

from controller.errors import WrongUsage
from controller.settings import read_settings

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJl3dIeudNqd0DPMRD6OIh65tjkxFNOtwGcWB2gCgPhK"


def settings(key: str) -> bytes:
    return f"source: {{git: {{url: 'https://git.example/x', signers: [{key!r}]}}}}\n".encode()


@pytest.mark.parametrize(
    "key",
    [
        f"ada ssh-ed25519 {KEY}",
        f"ada@acme.example sk-ssh-ed25519@openssh.com {KEY}",
        f"ci-1 ecdsa-sha2-nistp256 {KEY}==",
        f"old ssh-rsa {KEY}",
    ],
)
def test_a_public_key_with_a_name(key: str) -> None:
    git = read_settings("envctl.yaml", settings(key), {}).source.git

    assert git is not None
    assert git.signers == (key,)


@pytest.mark.parametrize(
    "key",
    [
        f"ssh-ed25519 {KEY}",
        f"* ssh-ed25519 {KEY}",
        f"ada,ben ssh-ed25519 {KEY}",
        f"!ada ssh-ed25519 {KEY}",
        f"ada cert-authority ssh-ed25519 {KEY}",
        f"ada ssh-dss {KEY}",
        f"ada ssh-ed25519 {KEY} a comment",
        f"ada ssh-ed25519 {KEY}\\nmallory ssh-ed25519 {KEY}",
        "ada ssh-ed25519 short",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
)
def test_anything_else_is_told_with_its_form(key: str) -> None:
    with pytest.raises(WrongUsage, match="write NAME TYPE KEY"):
        read_settings("envctl.yaml", settings(key), {})
