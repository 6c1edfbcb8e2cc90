"""What botocore reads and works out for each session and client, kept for all of a process: each command of a test makes its own."""

from collections.abc import Callable
from inspect import CO_VARKEYWORDS
from typing import Any

from botocore import hooks
from botocore.hooks import EventAliaser
from botocore.loaders import Loader

_MODELS: dict[Any, Any] = {}
_NAMES: dict[str, str] = {}
_SLOWLY: Callable[[Any], Any] = vars(hooks)["accepts_kwargs"]


def install() -> None:
    """Let sessions share the models of AWS's services, which are megabytes of JSON, and the names of events; ask a handler's code what it takes."""
    for owner, name, of_all in (
        (Loader, "_cache", _Shared(_MODELS)),
        (EventAliaser, "_alias_name_cache", _Shared(_NAMES)),
    ):
        setattr(owner, name, of_all)
    vars(hooks)["accepts_kwargs"] = _accepts_kwargs


class _Shared:
    """An attribute that is the same of every instance, also where one sets an empty one of its own."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __get__(self, instance: object, owner: type) -> object:
        return self._value

    def __set__(self, instance: object, value: object) -> None:
        pass


def _accepts_kwargs(handler: Any) -> Any:
    code = getattr(handler, "__code__", None)
    return _SLOWLY(handler) if code is None else code.co_flags & CO_VARKEYWORDS
