"""JSON Schemas of the documents that commands print, made from the types their builders return."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import EnumType
from types import NoneType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from controller.events import Event
from controller.model.ref import ResourceRef
from controller.planning.json_check import (
    DIALECT,
    MAY_GROW,
    Fragment,
    Schema,
    moment,
    object_of,
    open_enum,
    text,
)
from controller.views.audit.blame import AuditBlameDocument
from controller.views.calendar_text import SchedulePreviewDocument
from controller.views.doctor import DoctorDocument
from controller.views.documents.audit import (
    AuditArchiveDocument,
    AuditFollowDocument,
    AuditListDocument,
    AuditShowDocument,
    AuditVerifyDocument,
)
from controller.views.documents.envelope import FORMAT_VERSION, keys_of
from controller.views.documents.explanation import ExplainDocument
from controller.views.documents.installation import BootstrapDocument, ImportDocument
from controller.views.documents.problem import ErrorDocument
from controller.views.documents.rollback import RollbackDocument
from controller.views.documents.snapshots import (
    ItemsImportDocument,
    RestoreDocument,
    SnapshotDocument,
    SnapshotListDocument,
    SnapshotNightlyDocument,
    SnapshotPruneDocument,
    SnapshotShowDocument,
)
from controller.views.documents.status import SettingsDocument, StatusDocument
from controller.views.documents.validation import ValidateDocument
from controller.views.effective import RenderDocument
from controller.views.lists.accepted import (
    AccountListDocument,
    EnvironmentListDocument,
    ScheduleListDocument,
    ServiceListDocument,
)
from controller.views.lists.live import GroupListDocument, InstanceListDocument
from controller.views.outcomes import ApplyDocument
from controller.views.override_report import OverrideDocument
from controller.views.override_text import OverrideListDocument, OverrideYamlDocument
from controller.views.past_state import AuditStateDocument
from controller.views.schedule_tables import ScheduleExceptionsDocument, ScheduleReportDocument
from controller.views.version import VersionDocument

DOCUMENTS: Final[dict[str, tuple[str, type]]] = {
    "account-list": ("envctl get accounts", AccountListDocument),
    "apply": ("envctl apply", ApplyDocument),
    "audit-archive": ("envctl audit archive", AuditArchiveDocument),
    "audit-blame": ("envctl audit blame", AuditBlameDocument),
    "audit-follow": ("envctl audit follow, a line each", AuditFollowDocument),
    "audit-list": ("envctl audit list", AuditListDocument),
    "audit-show": ("envctl audit show", AuditShowDocument),
    "audit-state": ("envctl audit state", AuditStateDocument),
    "audit-verify": ("envctl audit verify", AuditVerifyDocument),
    "bootstrap": ("envctl bootstrap", BootstrapDocument),
    "doctor": ("envctl doctor", DoctorDocument),
    "environment-list": ("envctl get environments", EnvironmentListDocument),
    "error": ("any command that did not come to its end", ErrorDocument),
    "explain": ("envctl explain", ExplainDocument),
    "group-list": ("envctl get groups", GroupListDocument),
    "import": ("envctl import", ImportDocument),
    "instance-list": ("envctl get instances", InstanceListDocument),
    "items-import": ("envctl items import", ItemsImportDocument),
    "override": ("envctl override make, envctl override release", OverrideDocument),
    "override-list": ("envctl override list, envctl get overrides", OverrideListDocument),
    "override-yaml": ("envctl override yaml", OverrideYamlDocument),
    "render": ("envctl render", RenderDocument),
    "restore": ("envctl restore", RestoreDocument),
    "rollback": ("envctl rollback", RollbackDocument),
    "schedule-exceptions": ("envctl schedule exceptions", ScheduleExceptionsDocument),
    "schedule-list": ("envctl get schedules", ScheduleListDocument),
    "schedule-preview": ("envctl schedule preview", SchedulePreviewDocument),
    "schedule-report": ("envctl schedule report", ScheduleReportDocument),
    "service-list": ("envctl get services", ServiceListDocument),
    "settings": ("envctl status --settings", SettingsDocument),
    "snapshot": ("envctl snapshot create, envctl snapshot verify", SnapshotDocument),
    "snapshot-list": ("envctl snapshot list", SnapshotListDocument),
    "snapshot-nightly": ("envctl snapshot nightly", SnapshotNightlyDocument),
    "snapshot-prune": ("envctl snapshot prune", SnapshotPruneDocument),
    "snapshot-show": ("envctl snapshot show", SnapshotShowDocument),
    "status": ("envctl status", StatusDocument),
    "validate": ("envctl validate", ValidateDocument),
    "version": ("envctl version", VersionDocument),
}
"""Name of a document -> who prints it, and its type. That of a plan is ``plan_schema``, as apply reads it."""

EVENT_LINE: Final = "event-line"
_SIMPLE: Final[dict[object, Schema]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    object: {},
    Any: {},
    datetime: moment(),
    ResourceRef: text("Kind/name."),
}


def output_schemas() -> dict[str, Schema]:
    """Return name -> schema of every document but the plan, and of a line of ``--events``."""
    documents = {name: _document(name, by, form) for name, (by, form) in DOCUMENTS.items()}
    return {**documents, EVENT_LINE: _event_line()}


def _document(name: str, by: str, form: type) -> Schema:
    envelope: Schema = {
        "formatVersion": {"const": FORMAT_VERSION},
        "controllerVersion": text("Version of envctl that wrote it."),
        "document": {"const": name},
    }
    own = _schema_of(form)
    return {
        "$schema": DIALECT,
        "title": f"envctl {name}",
        "description": f"{own['description']} Printed with --format json by {by}.",
        "type": "object",
        "properties": {**envelope, **own["properties"]},
        "required": [*envelope, *own["required"]],
    }


def _schema_of(form: Any) -> Schema:
    """Return the schema of a type; what ``Annotated`` adds is a description, values of today, or a schema."""
    arguments = get_args(form)
    match get_origin(form):
        case None if form in _SIMPLE:
            return _SIMPLE[form]
        case origin if origin is Literal or isinstance(form, EnumType):
            return _annotated(str, arguments or form)
        case None:
            return _object(form)
        case origin if origin is Annotated:
            return _annotated(*arguments)
        case origin if origin is NotRequired:
            return _schema_of(arguments[0])
        case origin if origin in (list, tuple, Sequence):
            return {"type": "array", "items": _schema_of(arguments[0])}
        case origin if origin in (dict, Mapping):
            return {"type": "object", "additionalProperties": _schema_of(arguments[1])}
        case _:
            return {"anyOf": [_schema_of(choice) for choice in arguments]}


def _object(form: type) -> Schema:
    hints = get_type_hints(form, include_extras=True)
    keys = {name: name for name in hints} if is_typeddict(form) else keys_of(form)
    properties = {key: _schema_of(hints[name]) for name, key in keys.items()}
    optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    first = (form.__doc__ or "").partition("\n")[0].replace("``", "`")
    return {
        "description": first,
        "type": "object",
        "properties": properties,
        "required": [key for name, key in keys.items() if name not in optional],
    }


def _annotated(form: Any, *notes: Any) -> Schema:
    schema = _schema_of(form)
    for note in notes:
        match note:
            case str():
                schema = {**schema, "description": note}
            case Fragment():
                schema = {**schema, **note.schema}
            case _:
                values = [str(value) for value in note if value != ""]
                schema = {**schema, "examples": values, "description": MAY_GROW}
    return schema


def _event_line() -> Schema:
    written = (event for event in Event.__subclasses__() if event.level != "debug")
    known = sorted(written, key=lambda event: event.name)
    facts = [
        {
            "if": {"properties": {"event": {"const": event.name}}},
            "then": _schema_of(event),
        }
        for event in known
    ]
    return {
        "$schema": DIALECT,
        "title": "envctl event line",
        "description": "One line of what envctl --events writes; its facts are told by its event.",
        **object_of(
            {
                "at": moment(),
                "event": open_enum((event.name for event in known), "What happened."),
                "level": open_enum(("info", "warning", "error"), "error: somebody must act."),
            }
        ),
        "allOf": facts,
    }
