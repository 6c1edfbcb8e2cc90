"""Status is written once for all who ask: who asks often does not wait, and who asks seldom is told what stands now."""

import asyncio
from collections.abc import Callable, Coroutine
from threading import Event

import pytest
from fastapi import Response

from controller.api.shared_reading import KEEP_S
from controller.api.status_answers import LONGEST_S, RENEW_S, StatusAnswers
from controller.errors import EnvctlError, Unreachable

_WITHIN_S = 30


class Tables:
    """What is read: a number that grows by one each time; reading ends when ``answering`` is set."""

    def __init__(self) -> None:
        self.reads, self.at = 0, 100.0
        self.error: EnvctlError | None = None
        self.answering = Event()
        self.answering.set()
        self.answers = StatusAnswers(self._write, lambda: self.at)

    def _write(self, is_text: bool) -> Response:
        self.reads += 1
        number = self.reads
        assert self.answering.wait(_WITHIN_S)
        if self.error:
            raise self.error
        return Response(f"{number}", media_type="text/plain" if is_text else "application/json")

    async def asked(self, *, is_text: bool = False) -> str:
        return bytes((await self.answers.answer(is_text=is_text)).body).decode()

    async def read_anew(self) -> None:
        """Wait until what is read beside those who ask is there."""
        await asyncio.gather(*self.answers._under_way.values(), return_exceptions=True)


def told(story: Callable[[Tables], Coroutine[None, None, None]]) -> None:
    async def run() -> None:
        await asyncio.wait_for(story(Tables()), _WITHIN_S)

    asyncio.run(run())


def test_all_who_ask_at_once_are_answered_by_one_reading() -> None:
    async def story(tables: Tables) -> None:
        assert await asyncio.gather(*(tables.asked() for _ in range(50))) == ["1"] * 50
        assert await tables.asked() == "1"

    told(story)


def test_it_is_read_for_each_form_in_which_it_is_asked_for() -> None:
    async def story(tables: Tables) -> None:
        assert await tables.asked() == "1"
        assert await tables.asked(is_text=True) == "2"

    told(story)


def test_who_asks_often_does_not_wait_while_it_is_read_anew() -> None:
    async def story(tables: Tables) -> None:
        await tables.asked()
        tables.answering.clear()
        tables.at += RENEW_S
        assert await tables.asked() == "1"
        tables.at += LONGEST_S - RENEW_S - 0.1
        assert await tables.asked() == "1", "it is still being read"
        tables.answering.set()
        await tables.read_anew()
        assert await tables.asked() == "2"

    told(story)


@pytest.mark.parametrize(("later_s", "is_read_anew"), [(KEEP_S, False), (LONGEST_S, True)])
def test_who_asks_after_a_pause_waits_for_what_stands_now(
    later_s: float, *, is_read_anew: bool
) -> None:
    async def story(tables: Tables) -> None:
        await tables.asked()
        if is_read_anew:
            tables.answering.clear()
            tables.at += RENEW_S
            assert await tables.asked() == "1"
            asyncio.get_running_loop().call_later(0.01, tables.answering.set)
        tables.at += later_s
        assert await tables.asked() == "2"

    told(story)


def test_what_fails_unseen_is_told_once_the_last_answer_is_too_old() -> None:
    async def story(tables: Tables) -> None:
        await tables.asked()
        tables.error = Unreachable("DynamoDB does not answer")
        tables.at += RENEW_S
        assert await tables.asked() == "1"
        await tables.read_anew()
        tables.at += KEEP_S
        with pytest.raises(Unreachable):
            await tables.asked()
        tables.error = None
        assert await tables.asked() == "4"

    told(story)
