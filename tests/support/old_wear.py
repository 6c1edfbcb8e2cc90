"""Items of today's form as years of the old product leave them: numbers as text, attributes that were never written, names of what is gone."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

Json = Any
Draw = Callable[[st.SearchStrategy[Any]], Any]
Items = dict[str, dict[str, Json]]
NUMBERS = frozenset({"BluePort", "GreenPort", "Port", "Weight", "MaxFails", "UpStreamKeepalives"})


def worn(draw: Draw, kind: str, items: Mapping[str, Mapping[str, Json]]) -> Items:
    """Return items of one object as the old product may have left them, with the same meaning for whoever reads them."""
    result: Items = {table: _as_text(draw, dict(item)) for table, item in items.items()}
    for wear in _BY_KIND.get(kind, ()):
        if draw(st.booleans()):
            wear(draw, result)
    return result


def _as_text(draw: Draw, value: Json) -> Json:
    if isinstance(value, dict):
        return {
            name: str(member)
            if name in NUMBERS and type(member) is int and draw(st.booleans())
            else _as_text(draw, member)
            for name, member in value.items()
        }
    return [_as_text(draw, member) for member in value] if isinstance(value, list) else value


def _hosts(items: Items) -> Iterator[dict[str, Json]]:
    yield from items["InfraConfigLBUpstream"]["Hosts"]


def _fails_never_written(draw: Draw, items: Items) -> None:
    for host in _hosts(items):
        if host.get("MaxFails") is None and draw(st.booleans()):
            host.pop("MaxFails", None)


def _no_hosts(_: Draw, items: Items) -> None:
    items["InfraConfigLBUpstream"]["Hosts"] = []


def _service_that_is_gone(_: Draw, items: Items) -> None:
    items["InfraConfigLBUpstream"]["Service"] = "LongGone"


def _route_to_nothing(_: Draw, items: Items) -> None:
    locations = items["InfraConfigLBSettings"]["Value"]["Locations"]
    locations.append({"Path": "/long-gone", "ProxyPass": "http://c99-LongGone"})


def _old_listen(draw: Draw, items: Items) -> None:
    for listen in items["InfraConfigLBSettings"]["Value"]["Listen"]:
        listen.update(draw(st.sampled_from([{"SSL": True}, {"IP": None}, {"IP": "10.0.0.1"}])))


def _no_list_of_services(_: Draw, items: Items) -> None:
    for role in items["ConfigDeploymentMaps"]["Value"]["DeploymentTarget"]:
        if not role.get("Services"):
            role.pop("Services", None)


def _service_of_a_role_that_is_gone(_: Draw, items: Items) -> None:
    for role in items["ConfigDeploymentMaps"]["Value"]["DeploymentTarget"]:
        role["Services"] = [*role.get("Services", ()), {"ServiceName": "LongGone"}]


def _old_entries(_: Draw, items: Items) -> None:
    items["InfraConfigPermissions"]["Permissions"] += [
        {"Resource": "/permissions/clusters/tango"},
        {"Resource": "/config/**", "Access": "post"},
        {"Resource": "/*", "Access": "PUT", "Clusters": "ALL", "EnvironmentTypes": ["nosuch"]},
    ]


def _schedule(value: Mapping[str, Json]) -> Callable[[Draw, Items], None]:
    def wear(_: Draw, items: Items) -> None:
        operational = items["InfraOpsEnvironment"]
        kept = {
            name: flag
            for name, flag in operational["Value"].items()
            if name in ("EnvironmentInMaintenance", "DeploymentsLocked")
        }
        operational["Value"] = {**kept, **value}

    return wear


def _automatic(text: str | None) -> dict[str, Json]:
    return {
        "ScheduleAutomatically": True,
        "ManualScheduleUp": False,
        "DefaultSchedule": text,
    }


_BY_KIND: Mapping[str, tuple[Callable[[Draw, Items], None], ...]] = {
    "Upstream": (_fails_never_written, _no_hosts, _service_that_is_gone),
    "LoadBalancerSetting": (_route_to_nothing, _old_listen),
    "DeploymentMap": (_no_list_of_services, _service_of_a_role_that_is_gone),
    "Permission": (_old_entries,),
    "Environment": (
        _schedule({}),
        _schedule(_automatic("Start: 0 8 * * 1-7; Stop: 0 24 * * 7 | GMT Standard Time")),
        _schedule(_automatic("nine to five")),
        _schedule({"ManualScheduleUp": True, "ScheduleAutomatically": None}),
    ),
}
