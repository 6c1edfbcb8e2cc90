"""The OpenAPI document is whole, and whatever is sent that it allows, or does not, is answered without 5xx and without a write by strangers."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.api import rate_limit
from controller.api.application import _ROUTES, OPENAPI
from controller.api.problems import MEDIA_TYPE
from controller.views.documents.schemas import DOCUMENTS
from tests.support.command_line import Fleet, envctl, use_settings
from tests.support.documents import PLAN
from tests.support.http_interface import ADA, InterfaceByHand, bearer, serving

Json = Any
WEBHOOK = "/webhooks/git"
READS = {"get", "head"}
EXAMPLES = 12
ODD = st.sampled_from(
    (
        "",
        "config",
        "Service/Search",
        "c50",
        "on",
        "2h",
        "2026-11-24",
        "9999-12-31",
        "0001-01-01",
        "latest",
        "services",
    )
) | st.text(max_size=40)


@pytest.fixture
def interface(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InterfaceByHand:
    text = f"source: {{folder: {installed.folder}}}\nsnapshots: {{folder: {tmp_path / 'kept'}}}\n"
    use_settings(tmp_path, monkeypatch, text)
    assert installed.apply("--scope", "config").code == 0
    assert envctl("snapshot", "create").code == 0
    monkeypatch.setattr(rate_limit, "BURST", 1_000_000)
    return InterfaceByHand.of_commands()


@pytest.fixture
def client(interface: InterfaceByHand) -> Iterator[httpx.Client]:
    with serving(interface.app) as made:
        yield made
    assert interface.bugs == []


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def values(schema: Json, document: Json) -> st.SearchStrategy[Json]:
    """Return what a schema allows, more or less; the rest is for the interface to refuse."""
    if "$ref" in schema:
        found = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return values(found, document)
    if "anyOf" in schema:
        return st.one_of([values(choice, document) for choice in schema["anyOf"]])
    match schema.get("type"):
        case "integer":
            return st.integers(-2, 2000)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(values(schema["items"], document), max_size=3)
        case "object":
            parts = {
                name: values(part, document) for name, part in schema.get("properties", {}).items()
            }
            return st.fixed_dictionaries({}, optional=parts)
        case "null":
            return st.none()
        case _:
            return ODD


def requests(operation: Json, document: Json) -> st.SearchStrategy[dict[str, Json]]:
    """Return requests for an operation: its path filled, query, headers and body."""
    drawn: dict[str, dict[str, st.SearchStrategy[Json]]] = {"path": {}, "query": {}, "header": {}}
    for parameter in operation.get("parameters", ()):
        drawn[parameter["in"]][parameter["name"]] = values(parameter["schema"], document)
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = st.none() if content is None else values(content["schema"], document) | ODD
    return st.fixed_dictionaries(
        {
            "path": st.fixed_dictionaries(drawn["path"]),
            "query": st.fixed_dictionaries({}, optional=drawn["query"]),
            "header": st.fixed_dictionaries({}, optional=drawn["header"]),
            "body": body,
        }
    )


def send(
    client: httpx.Client, method: str, path: str, asked: Mapping[str, Json], token: str
) -> httpx.Response:
    for name, value in asked["path"].items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe="/"))
    headers = {name: value for name, value in asked["header"].items() if value and value.isascii()}
    # The client itself refuses a value with a space at its end.
    clean = {
        name: value
        for name, value in headers.items()
        if value.isprintable() and value == value.strip()
    }
    query = {name: value for name, value in asked["query"].items() if value is not None}
    json = {} if asked["body"] is None else {"json": asked["body"]}
    marked = bearer(token) if token else {}
    return client.request(method, path, params=query, headers={**clean, **marked}, **json)


def test_every_operation_says_what_it_answers_and_who_may_ask(client: httpx.Client) -> None:
    document = client.get(OPENAPI).json()
    found = list(operations(document))
    ids = [operation["operationId"] for _, _, operation in found]

    assert len(set(ids)) == len(ids)
    for path, method, operation in found:
        assert operation["description"], path
        (done,) = set(operation["responses"]) - {"default"}
        assert done in {"200", "202"}
        (shape,) = list(operation["responses"][done]["content"].values())[:1]
        assert shape["schema"], path
        assert MEDIA_TYPE in operation["responses"]["default"]["content"], path
        if method not in READS and path != WEBHOOK:
            assert operation["security"] == [{"HTTPBearer": []}], path


def test_what_takes_long_is_answered_in_threads_of_its_own(interface: InterfaceByHand) -> None:
    """But for what reads one row, or nothing: what is not asynchronous has a thread that health and status need."""
    waiting = {
        route.path
        for routes in _ROUTES
        for route in routes(interface.served).routes
        if isinstance(route, APIRoute)
        and "GET" in (route.methods or ())
        and not iscoroutinefunction(route.endpoint)
    }

    assert waiting == {
        "/metrics",
        "/api/v1/operations/{name}",
        "/api/v1/operations/{name}/result",
    }


def test_documents_of_commands_are_those_of_the_commands(client: httpx.Client) -> None:
    titles = {
        shape["schema"].get("title", "")
        for _, _, operation in operations(client.get(OPENAPI).json())
        for shape in operation["responses"].get("200", {"content": {}})["content"].values()
    }

    assert {title.removeprefix("envctl ") for title in titles} - {""} <= {*DOCUMENTS, PLAN}
    assert len(titles) >= 9


Check = Callable[[httpx.Response], None]


def every_request(
    asked: st.SearchStrategy[Json], sent: Callable[[Json], httpx.Response], check: Check
) -> None:
    """Send examples of a request, and check what is answered."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(asked)
    def each_is_answered(example: Json) -> None:
        check(sent(example))

    each_is_answered()


def is_no_bug(answer: httpx.Response) -> None:
    assert answer.status_code < 500, (answer.request.url, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.json()["status"] == answer.status_code


def is_refused(answer: httpx.Response) -> None:
    # What is no request of the document is refused before it is asked who sent it.
    assert answer.status_code in {401, 404, 405, 422}, (answer.request.url, answer.text)


@pytest.mark.slow
def test_whatever_is_sent_is_answered_and_is_no_bug(client: httpx.Client) -> None:
    document = client.get(OPENAPI).json()
    for path, method, operation in operations(document):
        sent = partial(send, client, method, path, token=ADA)
        every_request(requests(operation, document), sent, is_no_bug)


@pytest.mark.slow
@pytest.mark.parametrize("token", ["", "nobody's", ADA[:-1]])
def test_no_stranger_writes(token: str, interface: InterfaceByHand, client: httpx.Client) -> None:
    document = client.get(OPENAPI).json()
    master = interface.accounts.installation.master
    before = list(master.store.scan(master.state_table))
    for path, method, operation in operations(document):
        if method not in READS:
            sent = partial(send, client, method, path, token=token)
            every_request(requests(operation, document), sent, is_refused)

    assert interface.queue.backlog().waiting == 0
    assert list(master.store.scan(master.state_table)) == before
