"""A web hook is posted to one host, over HTTPS, in bounded time; its address is a secret."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.daemon.webhook import LONGEST_TEXT, Webhook
from controller.errors import AccessDenied, Unreachable, WrongUsage
from controller.redactor import REDACTOR
from tests.support.https_server import ChatHook, chat_hook


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[ChatHook]:
    with chat_hook(tmp_path) as served:
        yield served


def hook(chat: ChatHook, url: str = "", timeout_s: float = 5.0) -> Webhook:
    return Webhook(lambda: url or chat.url, context=chat.trust, timeout_s=timeout_s)


def test_a_text_is_posted_as_chat_tools_take_it(chat: ChatHook) -> None:
    hook(chat, f"{chat.url}?thread=7").send("two\nlines")

    [(path, content_type, body)] = chat.posts
    assert path == "/services/T0/B0/secret?thread=7"
    assert content_type == "application/json"
    assert json.loads(body) == {"text": "two\nlines"}


def test_a_text_is_bounded_and_holds_no_secret(chat: ChatHook) -> None:
    REDACTOR.tell("a-very-secret-thing")

    hook(chat).send("a-very-secret-thing " + "x" * (2 * LONGEST_TEXT))

    [(_, _, body)] = chat.posts
    text = json.loads(body)["text"]
    assert text.startswith("*** x")
    assert len(text) == LONGEST_TEXT


@pytest.mark.parametrize(
    "more", ["?a\r\nX-Evil: 1", "/x HTTP/1.1\r\nHost: evil\r\n\r\n", "/\u2028", "/\ud800"]
)
def test_an_address_that_adds_lines_is_told_and_nothing_sent(more: str, chat: ChatHook) -> None:
    with pytest.raises(Unreachable) as refused:
        hook(chat, f"{chat.url}{more}").send("text")

    assert chat.posts == []
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_hook_that_is_no_more_is_for_people(chat: ChatHook, status: int) -> None:
    chat.status = status

    with pytest.raises(AccessDenied, match=str(status)):
        hook(chat).send("text")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hook_that_is_busy_may_be_tried_again(chat: ChatHook, status: int) -> None:
    chat.status = status

    with pytest.raises(Unreachable, match=str(status)):
        hook(chat).send("text")


def test_a_redirect_is_not_followed(chat: ChatHook) -> None:
    chat.status, chat.headers = 302, {"Location": chat.url.replace("secret", "other")}

    with pytest.raises(Unreachable, match="redirects are not followed"):
        hook(chat).send("text")

    assert len(chat.posts) == 1


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "<!channel> <@U012AB3CD> <https://evil.example|envctl status>",
            "&lt;!channel&gt; &lt;(at)U012AB3CD&gt; &lt;https[:]//evil.example|envctl status&gt;",
        ),
        ("@channel @all somebody@acme.example", "(at)channel (at)all somebody(at)acme.example"),
        ("[envctl status](https://evil.example)", "[envctl status] (https[:]//evil.example)"),
        ("[a]\u2060(b) a & b -> c", "[a]\u2060(b) a &amp; b -&gt; c"),
        ("s3://acme-fleet/prod: line 3: 08:00", "s3://acme-fleet/prod: line 3: 08:00"),
    ],
)
def test_what_others_wrote_calls_nobody_and_leads_nowhere(
    written: str, shown: str, chat: ChatHook
) -> None:
    hook(chat).send(written)

    [(_, _, body)] = chat.posts
    assert json.loads(body)["text"] == shown


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/x",
        "file:///etc/passwd",
        "hooks",
        "https://",
        "https://[::1/services/T0",
        "https://hooks.example:secret/T0",
        "https://hooks.example:99999/T0",
    ],
)
def test_only_https_is_spoken_and_no_error_holds_the_address(chat: ChatHook, url: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        hook(chat, url).send("text")

    assert url not in str(refused.value).replace("https:// address", "")


def test_a_host_that_nobody_vouches_for_hears_nothing(chat: ChatHook) -> None:
    with pytest.raises(Unreachable, match="SSLCertVerificationError") as refused:
        Webhook(lambda: chat.url, context=ssl.create_default_context()).send("text")

    assert chat.posts == []
    assert "secret" not in str(refused.value)


def test_an_answer_that_drips_holds_nobody(chat: ChatHook) -> None:
    chat.drips = threading.Event()
    began = time.monotonic()
    try:
        with pytest.raises(Unreachable):
            hook(chat, timeout_s=0.3).send("text")
    finally:
        chat.drips.set()

    assert time.monotonic() - began < 3


def test_a_host_that_is_not_there_is_unreachable(chat: ChatHook) -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        hook(chat, "https://127.0.0.1:9/services/secret").send("text")
