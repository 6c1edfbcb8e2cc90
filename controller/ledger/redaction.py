"""Sensitive values enter the ledger as digests: equal values are seen to be equal, and nothing else is seen."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any

from controller.aws.items import canonical_wire, to_wire_value
from controller.kinds.language.fields import PLAIN, Shape, fields_of, is_sensitive, marked
from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import Spec
from controller.ledger.records import Redact

DIGEST = "Digest"
_FORM = re.compile("sha256:[0-9a-f]{64}")
_MANAGED, _EXTRA, _SPEC = "Managed", "Extra", "spec"


def redactor(kinds: Iterable[Kind[Any]], installation: str) -> Redact:
    """Return a function that replaces each sensitive value of an image by ``{"Digest": "sha256:<64 digits>"}``.

    Sensitive is what the kinds that share the image's table mark so, also where it is kept in ``Managed.Extra``. Digests are
    keyed with the installation's id: those of two installations cannot be compared.
    """
    by_table: dict[str, list[Kind[Any]]] = {}
    for kind in kinds:
        for table in kind.tables:
            by_table.setdefault(table.name, []).append(kind)
    key = installation.encode()

    def redact(table: str, image: dict[str, Any]) -> dict[str, Any]:
        for kind in by_table.get(table, ()):
            model: type[Spec] = kind.spec
            if marked(model, "sensitive"):
                image = _redacted_image(kind, image, key)
        return image

    return redact


def _redacted_image(kind: Kind[Any], image: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    shown = {
        name: value if name == _MANAGED else _redacted(kind, (name,), value, key)
        for name, value in image.items()
    }
    managed = image.get(_MANAGED)
    extra = managed.get(_EXTRA) if isinstance(managed, Mapping) else None
    spec = extra.get(_SPEC) if isinstance(extra, Mapping) else None
    if managed and extra and isinstance(spec, Mapping):
        hidden = {
            path: _redacted_extra(kind.spec, path, value, key) for path, value in spec.items()
        }
        shown[_MANAGED] = {**managed, _EXTRA: {**extra, _SPEC: hidden}}
    return shown


def _redacted(kind: Kind[Any], path: tuple[Any, ...], value: Any, key: bytes) -> Any:
    if is_sensitive(kind, path):
        return _digest(value, key)
    if isinstance(value, Mapping):
        return {name: _redacted(kind, (*path, name), part, key) for name, part in value.items()}
    if isinstance(value, list):
        return [_redacted(kind, (*path, place), part, key) for place, part in enumerate(value)]
    return value


def _redacted_extra(model: type[Spec], path: str, value: Any, key: bytes) -> Any:
    """Redact what is kept under a dotted YAML path, itself under YAML names."""
    shape = Shape(model=model)
    for step in path.split("."):
        sensitive, shape = _inside(shape, step)
        if sensitive:
            return _digest(value, key)
    return _redacted_yaml(shape, value, key)


def _redacted_yaml(shape: Shape, value: Any, key: bytes) -> Any:
    if isinstance(value, Mapping):
        shown = {}
        for name, part in value.items():
            sensitive, inner = _inside(shape, name)
            shown[name] = _digest(part, key) if sensitive else _redacted_yaml(inner, part, key)
        return shown
    if isinstance(value, list):
        return [_redacted_yaml(shape.members or PLAIN, part, key) for part in value]
    return value


def _inside(shape: Shape, step: str) -> tuple[bool, Shape]:
    """Return whether what a step leads to is sensitive, and its shape."""
    if shape.model is None:
        return False, shape.members or shape.values or PLAIN
    field = fields_of(shape.model).by_yaml.get(step)
    return (False, PLAIN) if field is None else (field.sensitive, field.shape)


def _digest(value: Any, key: bytes) -> Any:
    if is_digest(value):
        return value
    text = canonical_wire({"V": to_wire_value(value)})
    return {DIGEST: f"sha256:{hmac.new(key, text, hashlib.sha256).hexdigest()}"}


def is_digest(value: Any) -> bool:
    """Tell whether a value stands for a sensitive one."""
    if not isinstance(value, dict) or set(value) != {DIGEST}:
        return False
    return isinstance(value[DIGEST], str) and bool(_FORM.fullmatch(value[DIGEST]))
