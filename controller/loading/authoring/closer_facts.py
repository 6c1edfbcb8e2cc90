"""What only a closer look at groups shows, written into roles: of their environment, or of the map where all have it alike."""

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final, NamedTuple

from controller.loading.authoring.found import Oddity, Written
from controller.loading.authoring.mending import is_valid, said
from controller.loading.compiled import CompiledKinds
from controller.model.ref import ResourceRef

FEWEST: Final = 2
"""Environments that make a value one of the map."""
LIFTED: Final = ("scalingSchedules", "userData", "notifications")
"""Fields that no item has: a map that says them changes nothing for programs that read its item."""
_VARIABLE: Final = "{{ environment }}"
_SIZES: Final = ("minCapacity", "desiredCapacity", "maxCapacity")

Json = Any
Documents = Mapping[ResourceRef, Written]


class CloserLook(NamedTuple):
    """One group: the fields its role would say otherwise, and what else it has otherwise.

    ``user_data`` is a text that takes a Template to say. ``unsaid`` is what no role can say (``gives its instances public
    addresses``); ``oddities`` are what was found, what is written for it, and what is left to a person.
    """

    environment: str
    role: str
    group: str
    fields: Mapping[str, Json]
    user_data: str = ""
    unsaid: tuple[str, ...] = ()
    oddities: tuple[tuple[str, str, str], ...] = ()


def add_closer_facts(
    documents: Documents, looks: Iterable[CloserLook], kinds: CompiledKinds
) -> dict[ResourceRef, Written]:
    """Return the documents with what their groups have otherwise, and a Template for each text of user data.

    Environments that had been written before are left as they are: what their groups differ in is drift.
    """
    written = dict(documents)
    by_role: dict[tuple[str, str], list[CloserLook]] = {}
    for look in looks:
        owner = written.get(ResourceRef("Environment", look.environment))
        if owner is not None and not owner.ours:
            by_role.setdefault((look.environment, look.role), []).append(look)
    templates = _templates(by_role, written)
    for (name, role), groups in by_role.items():
        environment = written[ResourceRef("Environment", name)]
        _say(environment, role, groups, templates, kinds)
        owner = written.get(ResourceRef("DeploymentMap", str(environment.spec["deploymentMap"])))
        if owner is not None:
            _leave_sizes_to_schedules(environment, owner, role)
            _in_the_order_of(owner, environment)
    _lift_into_maps(written, by_role.keys())
    return written


def _say(
    one: Written,
    role: str,
    groups: Sequence[CloserLook],
    templates: Mapping[tuple[str, str], str],
    kinds: CompiledKinds,
) -> None:
    """Write what the first group has, role and all; tell what cannot be written, and which others differ from it."""
    compiled = kinds.by_name["Environment"]
    first, *others = groups
    unsaid = list(first.unsaid)
    fields = dict(first.fields)
    if first.user_data:
        fields["userData"] = templates[first.environment, role]
    for name, value in fields.items():
        spec = deepcopy(one.spec)
        spec.setdefault("roles", {}).setdefault(role, {})[name] = value
        if is_valid(compiled, spec):
            one.spec = spec
        else:
            shown = said(compiled.kind, ("roles",), value)
            unsaid.append(f"has {name} {shown}, which no role can say")
    _tell_unsaid(one, first, unsaid)
    for other in others:
        _tell_unsaid(one, other, other.unsaid)
        unlike = sorted(
            name
            for name in other.fields.keys() | first.fields.keys()
            if other.fields.get(name) != first.fields.get(name)
        )
        unlike += ["user data"] if other.user_data != first.user_data else []
        if unlike:
            found = f"group {other.group} has other {', '.join(unlike)} than {first.group}"
            _tell(one, found, f"what {first.group} has", "a role is one for all slices: choose")
    for odd in dict.fromkeys(odd for group in groups for odd in group.oddities):
        _tell(one, *odd)


def _tell_unsaid(one: Written, group: CloserLook, unsaid: Sequence[str]) -> None:
    if unsaid:
        found = f"group {group.group} {'; '.join(unsaid)}"
        written = "what its role says: instances to come get that, those that run stay as they are"
        _tell(one, found, written, "see whether they can do with that")


def _tell(one: Written, found: str, written: str, decide: str) -> None:
    one.oddities.append(Oddity(one.ref, found, written, decide))


def _templates(
    by_role: Mapping[tuple[str, str], Sequence[CloserLook]], written: dict[ResourceRef, Written]
) -> dict[tuple[str, str], str]:
    """Add a Template for each text; return environment and role -> its name: that of the role, longer where it takes that."""
    users = _by_text([groups[0] for groups in by_role.values() if groups[0].user_data])
    roles = [{one.role for one in using} for using in users.values()]
    names: dict[tuple[str, str], str] = {}
    for text, using in sorted(users.items(), key=lambda item: item[1][0].group):
        role = using[0].role
        alone = sum(role in others for others in roles) == 1
        base = role.lower() if alone else f"{using[0].environment}-{role.lower()}"
        name, number = base, 1
        while ResourceRef("Template", name) in written:
            number += 1
            name = f"{base}-{number}"
        ref = ResourceRef("Template", name)
        more = f" and {len(using) - 1} more" if len(using) > 1 else ""
        oddity = Oddity(
            ref,
            f"user data of group {using[0].group}{more}",
            "the text, with {{ environment }} for its name" if _VARIABLE in text else "the text",
            "see that it holds no secret",
        )
        written[ref] = Written(ref, name, {"text": text}, oddities=[oddity])
        names |= dict.fromkeys(((one.environment, one.role) for one in using), name)
    return names


def _by_text(looks: Iterable[CloserLook]) -> dict[str, list[CloserLook]]:
    """Return text -> the groups that have it; one of several environments, if it only differs in their names, is one."""
    alike: dict[str, list[CloserLook]] = {}
    for look in looks:
        name = rf"(?<![A-Za-z0-9]){re.escape(look.environment)}(?![A-Za-z0-9])"
        alike.setdefault(re.sub(name, _VARIABLE, look.user_data), []).append(look)
    users: dict[str, list[CloserLook]] = {}
    for text, using in alike.items():
        for one in using:
            shared = len({each.environment for each in using}) >= FEWEST
            users.setdefault(text if shared else one.user_data, []).append(one)
    return users


def _leave_sizes_to_schedules(one: Written, owner: Written, role: str) -> None:
    """Take sizes that scaling schedules set out of the environment: what they are when looked at says nothing."""
    override = one.spec.get("roles", {}).get(role, {})
    set_by = {
        name for each in override.get("scalingSchedules", ()) for name in _SIZES if name in each
    }
    own: Mapping[str, Json] = next(
        (each for each in owner.spec["roles"] if each["serverRoleName"] == role), {}
    )
    settings = override.get("autoScalingSettings", {})
    kept = {name: size for name, size in settings.items() if name not in set_by}
    sizes = {**own.get("autoScalingSettings", {}), **kept}
    ordered = [sizes[name] for name in _SIZES if name in sizes]
    if kept != settings and ordered == sorted(ordered):
        override["autoScalingSettings"] = kept
        if not kept:
            del override["autoScalingSettings"]


def _in_the_order_of(owner: Written, one: Written) -> None:
    roles = one.spec.get("roles")
    if roles:
        names = (each["serverRoleName"] for each in owner.spec["roles"])
        one.spec["roles"] = {name: roles[name] for name in names if name in roles}


def _lift_into_maps(written: Documents, seen: Iterable[tuple[str, str]]) -> None:
    """Let a map say what the groups of all its environments have alike. One that was written before is left as it is."""
    looked_at = set(seen)
    users: dict[str, list[Written]] = {}
    for one in written.values():
        if one.ref.kind == "Environment":
            users.setdefault(str(one.spec["deploymentMap"]), []).append(one)
    for ref, owner in written.items():
        using = users.get(owner.name, ())
        if ref.kind != "DeploymentMap" or owner.ours or any(one.ours for one in using):
            continue
        for role in owner.spec["roles"]:
            name = role["serverRoleName"]
            having = [one for one in using if _override(one, name).get("enabled") is not False]
            if len(having) >= FEWEST and all((one.name, name) in looked_at for one in having):
                _lift(role, name, having)


def _lift(role: dict[str, Json], name: str, having: Sequence[Written]) -> None:
    for field in LIFTED:
        values = [_override(one, name).get(field) for one in having]
        if values[0] is None or any(value != values[0] for value in values):
            continue
        role[field] = values[0]
        for one in having:
            del one.spec["roles"][name][field]
            _drop_nothing(one, name)


def _override(one: Written, role: str) -> Mapping[str, Json]:
    found: Mapping[str, Json] = one.spec.get("roles", {}).get(role, {})
    return found


def _drop_nothing(one: Written, role: str) -> None:
    if not one.spec["roles"][role]:
        del one.spec["roles"][role]
    if not one.spec["roles"]:
        del one.spec["roles"]
