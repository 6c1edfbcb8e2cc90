"""Answers in the shapes that programs of the old product read: environments, their schedules, and what is to be done with instances."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from controller.api.answers import plain_answer, says
from controller.api.problems import Refused
from controller.api.served import Served
from controller.api.threads import in_threads_of
from controller.engine.queries.environments import (
    EnvironmentNow,
    InstanceAction,
    accepted_at,
    environments_at,
    schedule_actions,
    schedule_status,
)
from controller.engine.queries.moments import parse_moment
from controller.model.canonical import ABSENT
from controller.scheduling.recorded_case import answer
from controller.views.documents.envelope import present

Moment = Annotated[str | None, Query(max_length=64)]
_STRING: Final = {"type": "string"}
_BOOLEAN: Final = {"type": "boolean"}


def _object(required: tuple[str, ...], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


_TEXTS = (
    "EnvironmentName",
    "EnvironmentType",
    "OwningCluster",
    "DeploymentMap",
    "AccountName",
    "Schedule",
    "ScheduleStatus",
)
_FLAGS = ("ScheduleAutomatically", "ManualScheduleUp", "DeploymentsLocked", "InMaintenance")
_ENVIRONMENTS: Final = {
    "type": "array",
    "items": _object(
        (*_TEXTS, *_FLAGS), {**dict.fromkeys(_TEXTS, _STRING), **dict.fromkeys(_FLAGS, _BOOLEAN)}
    ),
}
_STATUS: Final = _object(("Status",), {"Status": _STRING})
_NAMES = ("id", "name", "role", "environment", "environmentType")
_ACTIONS: Final = {
    "type": "array",
    "items": _object(
        ("action", "instance"),
        {
            "action": _object(("action",), dict.fromkeys(("action", "reason", "source"), _STRING)),
            "instance": _object(_NAMES, dict.fromkeys((*_NAMES, "asg"), _STRING)),
        },
    ),
}


def old_shape_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope read."""
    shapes = _OldShapes(served)
    router = APIRouter(
        prefix="/api/v1",
        tags=["as the old product"],
        dependencies=[Depends(served.access.may("read"))],
    )
    for path, answered, schema in (
        ("/environments", shapes.environments, _ENVIRONMENTS),
        ("/environments/{name}/schedule-status", shapes.schedule_status, _STATUS),
        ("/instances/schedule-actions", shapes.schedule_actions, _ACTIONS),
    ):
        endpoint = in_threads_of(served.slow, answered)
        router.add_api_route(path, endpoint, methods=["GET"], responses=says(schema))
    return router


class _OldShapes:
    def __init__(self, served: Served) -> None:
        self._served = served

    def environments(self, request: Request) -> Response:
        """All environments, with what their schedules ask for now."""
        accepted = self._served.state.get().accepted
        return plain_answer(list(map(_environment, environments_at(accepted, self._served.now()))))

    def schedule_status(self, name: str, at: Moment = None) -> Response:
        """What an environment's schedule asks for: ON, OFF, NO SCHEDULE, NOT FOUND (nothing yet) or INVALID SCHEDULE."""
        state, now = self._served.state.get(), self._served.now()
        moment = parse_moment(at, now) if at else now
        status = schedule_status(name, accepted_at(state, moment), moment)
        if status is None:
            raise Refused(
                HTTPStatus.NOT_FOUND,
                "NotThere",
                f"there is no environment {name!r} that can be read",
                "GET /api/v1/environments lists them",
            )
        return plain_answer({"Status": status})

    def schedule_actions(
        self, account: Annotated[str, Query(min_length=1, max_length=255)], date: Moment = None
    ) -> Response:
        """What schedules ask of every instance of an account, by its name or number. The account is looked at now."""
        state, now = self._served.state.get(), self._served.now()
        moment = parse_moment(date, now) if date else now
        return plain_answer(list(map(_action, schedule_actions(account, state, moment))))


def _environment(environment: EnvironmentNow) -> dict[str, object]:
    return {
        "EnvironmentName": environment.name,
        "EnvironmentType": environment.environment_type,
        "OwningCluster": environment.owning_cluster,
        "DeploymentMap": environment.deployment_map,
        "AccountName": environment.account,
        "ScheduleAutomatically": environment.mode in ("automatic", "noschedule"),
        "ManualScheduleUp": environment.mode == "on",
        "Schedule": environment.schedule,
        "ScheduleStatus": environment.status,
        "DeploymentsLocked": environment.deployments_locked,
        "InMaintenance": environment.in_maintenance,
    }


def _action(found: InstanceAction) -> dict[str, object]:
    judged = found.judged
    told = answer(judged.decision)
    return {
        "action": {key: value for key, value in told.items() if value is not None},
        "instance": present(
            id=judged.instance.instance_id,
            name=judged.instance.tag("Name") or "",
            role=judged.role.facts.name if judged.role else "",
            environment=judged.environment,
            environmentType=found.environment_type,
            asg=judged.group or ABSENT,
        ),
    }
