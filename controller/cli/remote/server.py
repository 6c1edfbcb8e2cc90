"""Commands answered by a daemon (``ENVCTL_SERVER``) instead of by AWS: the same questions, the same output, and no rights but a token's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import orjson

from controller.cli.process import note, print_as_is, say
from controller.errors import (
    ERROR_CLASSES,
    AccessDenied,
    EnvctlError,
    ExitCode,
    InvalidDesiredState,
    RefusedByAws,
    Unreachable,
    WrongUsage,
)
from controller.model.printable import printable_json
from controller.model.ref import Origin, Problem, RelatedPlace
from controller.redactor import REDACTOR
from controller.settings import refuse_unknown_variables
from controller.variables import SERVER_VARIABLE, TOKEN_VARIABLE

_API: Final = "/api/v1"
_TIMEOUT_S: Final = 120.0
_LONGEST: Final = 256 << 20
"""Bytes of an answer that are read at all."""
_EXIT_CODE: Final = "Envctl-Exit-Code"
_REMARKS: Final = "Envctl-Remarks"
_DIGEST: Final = "Envctl-Plan-Digest"
_ACTS: Final = "Envctl-Acts"
_OF_STATUS: Final[Mapping[int, type[EnvctlError]]] = {
    401: AccessDenied,
    403: AccessDenied,
    429: Unreachable,
    503: Unreachable,
}
"""What the interface itself refuses, which no command does."""

Query = Mapping[str, str | int | bool | list[str] | None]


class Request(NamedTuple):
    """A request: its path below the interface's root, and what goes with it."""

    path: str
    query: Query = MappingProxyType({})
    method: str = "GET"
    body: object = None
    """Plain JSON, or the bytes of it."""


class Answered(NamedTuple):
    """What a server answered. Of a plan that can be carried out: its digest, and whether that writes anything."""

    body: bytes
    is_json: bool
    remarks: tuple[str, ...]
    exit_code: int
    digest: str
    acts: bool

    def show(self) -> None:
        """Print it as the command would."""
        if self.is_json:
            print_as_is(printable_json(self.body).decode(errors="replace"))
        elif self.body:
            say(self.body.decode(errors="replace"))
        for remark in self.remarks:
            note(remark)

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return the JSON object that it is; an empty one for what is none."""
        found = orjson.loads(self.body)
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Server:
    """A daemon's HTTP interface. No redirect is followed: the token is for this host alone."""

    url: str
    token: str

    def answer(self, request: Request, *, as_json: bool) -> int:
        """Print what the command would print, and return its exit code. Raises EnvctlError as the command would."""
        answered = self.ask(request, as_json=as_json)
        answered.show()
        return answered.exit_code

    def ask(self, request: Request, *, as_json: bool) -> Answered:
        """Return what is answered; nothing is printed. Raises EnvctlError as the command would."""
        response, body = self._send(request, "application/json" if as_json else "text/plain")
        remarks, code = self._beside(response)
        if as_json and not _is_json(body):
            raise self._not_ours(response.status)
        digest, acts = response.getheader(_DIGEST, ""), response.getheader(_ACTS) == "1"
        return Answered(body, as_json, tuple(remarks), code, digest, acts)

    def _beside(self, response: HTTPResponse) -> tuple[list[str], int]:
        """Return what is remarked besides an answer, and the exit code. Raises Unreachable for headers that are none of ours."""
        try:
            remarks = json.loads(response.getheader(_REMARKS, "[]"))
            code = ExitCode(int(response.getheader(_EXIT_CODE, "0")))
        except ValueError:
            remarks, code = None, ExitCode.DONE
        if not isinstance(remarks, list):
            raise self._not_ours(response.status)
        return list(map(str, remarks)), code.value

    def _send(self, request: Request, accept: str) -> tuple[HTTPResponse, bytes]:
        place = urlsplit(self.url)
        made = HTTPSConnection if place.scheme == "https" else HTTPConnection
        connection = made(place.hostname or "", place.port, timeout=_TIMEOUT_S)
        headers = {"Accept": accept}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        body = None
        if request.body is not None:
            given = request.body
            body = given if isinstance(given, bytes) else orjson.dumps(given)
            headers["Content-Type"] = "application/json"
        query = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in request.query.items()
            if value is not None
        }
        path = f"{place.path.rstrip('/')}{_API}{quote(request.path)}?{urlencode(query, doseq=True)}"
        try:
            connection.request(request.method, path, body, headers)
            with connection.getresponse() as response:
                content = response.read(_LONGEST + 1)
        except (OSError, HTTPException) as error:
            raise Unreachable(
                f"{self.url}: the server does not answer: {str(error) or type(error).__name__}",
                fix=f"look whether a daemon listens there, or unset {SERVER_VARIABLE}",
            ) from None
        finally:
            connection.close()
        if len(content) > _LONGEST:
            raise Unreachable(f"{self.url}: the answer is longer than {_LONGEST >> 20} MiB")
        if response.status not in (200, 202):
            raise self._error(response.status, content)
        return response, content

    def _error(self, status: int, content: bytes) -> EnvctlError:
        """Return the error that a problem document tells; where it is none, that this is no server of ours."""
        try:
            told = orjson.loads(content)
        except orjson.JSONDecodeError:
            told = None
        if not isinstance(told, dict) or "code" not in told:
            return self._not_ours(status)
        return error_told(status, told)

    def _not_ours(self, status: int) -> Unreachable:
        return Unreachable(
            f"{self.url}: answers {status}, and not as an interface of envctl does",
            fix=f"correct {SERVER_VARIABLE}",
        )


def _is_json(body: bytes) -> bool:
    """Tell whether a body is JSON, which holds no character that steers a terminal but those ``printable_json`` escapes."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def error_told(status: int, told: Mapping[str, object]) -> EnvctlError:
    """Return the error that a problem document stands for: of the class of its code, where that is one of ours."""
    known = {row.condition: of for of, row in ERROR_CLASSES.items()}
    of = known.get(str(told["code"])) or _OF_STATUS.get(status, WrongUsage)
    whole = str(told.get("detail", ""))
    message = str(told.get("message") or whole)
    detail, fix = whole.removeprefix(message).lstrip("\n"), str(told.get("fix") or "")
    problems, facts = told.get("problems"), told.get("facts")
    if of is InvalidDesiredState and isinstance(problems, list):
        return InvalidDesiredState(
            [_problem(found) for found in problems if isinstance(found, dict)]
        )
    if of is RefusedByAws:
        code = facts.get("awsCode", "") if isinstance(facts, Mapping) else ""
        return RefusedByAws(message, str(code), detail=detail, fix=fix)
    if of.__init__ is not EnvctlError.__init__:
        of = Unreachable
    return of(message, detail=detail, fix=fix, facts=facts if isinstance(facts, dict) else None)


def _origin(found: Mapping[str, object]) -> Origin:
    line, column = found.get("line", 0), found.get("column", 0)
    return Origin(
        str(found.get("path", "")),
        line if isinstance(line, int) else 0,
        column if isinstance(column, int) else 0,
    )


def _problem(found: Mapping[str, object]) -> Problem:
    fix, related = found.get("fix"), found.get("related")
    return Problem(
        _origin(found),
        str(found.get("field", "")),
        str(found.get("message", "")),
        None if fix is None else str(fix),
        warning=found.get("level") == "warning",
        related=tuple(
            [
                RelatedPlace(
                    _origin(place), str(place.get("document", "")), str(place.get("field", ""))
                )
                for place in (related if isinstance(related, list) else ())
                if isinstance(place, dict)
            ]
        ),
    )


def server_of(environment: Mapping[str, str]) -> Server | None:
    """Return the server that the environment names; None if it names none.

    Raises WrongUsage for what is no URL, for one by which a token would be readable on its way, and for variables that are
    none of envctl's.
    """
    url, token = environment.get(SERVER_VARIABLE, ""), environment.get(TOKEN_VARIABLE, "")
    if not url:
        return None
    refuse_unknown_variables(environment)
    place = _place(url)
    if place is None:
        raise WrongUsage(
            f"{SERVER_VARIABLE} is no URL of a server",
            fix="write https://HOST or http://localhost:PORT",
        )
    if place.scheme == "http" and token and not _is_this_machine(place.hostname or ""):
        raise WrongUsage(
            f"{SERVER_VARIABLE} {url}: the token would be sent as everybody on the way can read it",
            fix="write https://",
        )
    if not (token.isascii() and token.isprintable()):
        raise WrongUsage(f"{TOKEN_VARIABLE} is no token", fix="letters, digits and signs of ASCII")
    REDACTOR.tell(token)
    return Server(url, token)


def _place(url: str) -> SplitResult | None:
    """Return the parts of a server's URL; None for what is none, or has somebody's name in it."""
    try:
        place = urlsplit(url)
        _port = place.port
    except ValueError:
        return None
    is_server = place.scheme in ("http", "https") and place.hostname and place.username is None
    return place if is_server else None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def only_here(**options: object) -> None:
    """Refuse options that a server does not take. Raises WrongUsage."""
    for name, value in options.items():
        if value:
            raise WrongUsage(
                f"--{name.replace('_', '-')}: not with {SERVER_VARIABLE}, which answers from its own settings",
                fix=f"leave it out, or unset {SERVER_VARIABLE}",
            )
