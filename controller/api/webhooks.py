"""Webhooks of Git hosts: signed hints that the source has changed. What they say is never a URL, a ref or an order."""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from threading import Lock
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.api.answers import plain_answer, says
from controller.api.problems import Refused
from controller.api.rate_limit import RateLimit
from controller.api.served import Served
from controller.engine.state.looks import just_now
from controller.model.observed import CONFIG_SCOPE
from controller.model.work import Job, Work, dedup_id

REMEMBERED: Final = 4096
"""Deliveries that are known again."""
TRIGGER: Final = "webhook"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NO_COMMIT: Final = re.compile(r"0+")
_GITHUB: Final = "sha256="
_PUSHES: Final = frozenset({"push", "Push Hook"})
_RESULT: Final = {
    "type": "object",
    "properties": {"queued": {"type": "boolean"}, "because": {"type": "string"}},
    "required": ["queued", "because"],
}


_REQUEST: Final = {
    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
    "parameters": [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
        for name in (
            "X-Hub-Signature-256",
            "X-GitHub-Event",
            "X-GitHub-Delivery",
            "X-Gitlab-Token",
            "X-Gitlab-Event",
            "X-Gitlab-Event-UUID",
        )
    ],
}


def is_signed(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> bool:
    """Tell whether a body is signed as GitHub does it, or comes with GitLab's token, by one of the secrets. Takes as long whichever it is."""
    signature = headers.get("x-hub-signature-256", "").encode()
    token = headers.get("x-gitlab-token", "").encode()
    found = False
    for secret in secrets:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        found |= hmac.compare_digest(f"{_GITHUB}{digest}".encode(), signature)
        found |= hmac.compare_digest(secret.encode(), token)
    return found


def commit_of(body: bytes) -> str:
    """Return the commit that a push names; empty where it names none, whatever the body is."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    commit = found.get("after") if isinstance(found, dict) else None
    named = (
        isinstance(commit, str) and _COMMIT.fullmatch(commit) and not _NO_COMMIT.fullmatch(commit)
    )
    return commit if named and isinstance(commit, str) else ""


class Deliveries:
    """The deliveries seen last, by what is in them and by the id the host gave them. Thread-safe."""

    def __init__(self) -> None:
        """Know none."""
        self._lock = Lock()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def has_seen(self, *marks: str) -> bool:
        """Tell whether any of the marks is remembered."""
        with self._lock:
            return any(mark in self._seen for mark in marks)

    def remember(self, *marks: str) -> None:
        """Remember marks, and forget the oldest where there are too many."""
        with self._lock:
            self._seen.update(dict.fromkeys(marks))
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)


def webhook_routes(served: Served) -> APIRouter:
    """Return the route. Whoever calls it has one of the secrets."""
    router, limit, deliveries = APIRouter(tags=["webhooks"]), RateLimit(), Deliveries()

    @router.post(
        "/webhooks/git", status_code=202, responses=says(_RESULT, 202), openapi_extra=_REQUEST
    )
    async def git(request: Request) -> Response:
        """Take a push of GitHub (X-Hub-Signature-256) or GitLab (X-Gitlab-Token): the source is asked whether it has changed."""
        body = await request.body()
        if not await run_in_threadpool(_is_known, served, request.headers, body):
            raise Refused(
                HTTPStatus.UNAUTHORIZED,
                "Unauthenticated",
                "the delivery is not signed with a secret that is known here",
                "put the secret of the Git host into webhookSecrets of http.credentials",
                {"WWW-Authenticate": "Signature"},
            )
        limit.take(TRIGGER)
        request.state.actor = TRIGGER
        because = await run_in_threadpool(_taken, served, deliveries, request.headers, body)
        return plain_answer({"queued": not because, "because": because}, HTTPStatus.ACCEPTED)

    return router


def _is_known(served: Served, headers: Mapping[str, str], body: bytes) -> bool:
    credentials = served.access.credentials
    return credentials is not None and is_signed(
        headers, body, credentials.current().webhook_secrets
    )


def _taken(served: Served, deliveries: Deliveries, headers: Mapping[str, str], body: bytes) -> str:
    """Put the work that a delivery asks for; return why there is none."""
    event = headers.get("x-github-event") or headers.get("x-gitlab-event") or ""
    if event not in _PUSHES:
        return "it is no push"
    marks = [hashlib.sha256(body).hexdigest()]
    delivery = headers.get("x-github-delivery") or headers.get("x-gitlab-event-uuid")
    if delivery:
        marks.append(f"id-{delivery[:64]}")
    if deliveries.has_seen(*marks):
        return "it was delivered before"
    commit, master = commit_of(body), served.installation.master
    details = just_now(master.store, master.state_table, CONFIG_SCOPE)
    served.queue.put(
        Work(
            scope=CONFIG_SCOPE,
            job=Job.RECONCILE,
            dedup=dedup_id(CONFIG_SCOPE, Job.RECONCILE, commit or marks[0]),
            asked_at=served.now(),
            trigger=TRIGGER,
            details=details | ({"commit": commit} if commit else {}),
        )
    )
    # One that could not be put on the queue is delivered again.
    deliveries.remember(*marks)
    return ""
