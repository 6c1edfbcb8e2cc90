"""What only a closer look at groups shows, written into roles: of their environment, or of the map where all have it alike."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final, NamedTuple

from controller.kinds.language.kind import Kinds
from controller.loading.authoring.fix_values import in_short, is_valid
from controller.loading.authoring.found import Written, free_name
from controller.model.ref import ResourceRef

FEWEST: Final = 2
"""Environments that make a value one of the map."""
LIFTED: Final = ("scalingSchedules", "userData", "notifications", "metadataTokens")
"""Fields that no item has: a map that says them changes nothing for programs that read its item."""
_VARIABLE: Final = "{{ environment }}"
_STRANGE: Final = re.compile(r"[^A-Za-z0-9]+")
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
    old_platform: str = ""
    """``linux`` or ``windows`` where the text is what the old product gave its images, variables written out."""


def add_closer_facts(
    documents: Documents, looks: Iterable[CloserLook], kinds: Kinds
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
    of_maps = _templates_of_maps(by_role, written)
    templates |= of_maps
    for (name, role), groups in by_role.items():
        environment = written[ResourceRef("Environment", name)]
        _say(environment, role, groups, templates, kinds)
        owner = written.get(environment.named("DeploymentMap"))
        if owner is not None:
            _leave_sizes_to_schedules(environment, owner, role)
            roles = environment.spec.get("roles")
            if roles:
                in_order = [known["serverRoleName"] for known in owner.spec["roles"]]
                environment.spec["roles"] = {key: roles[key] for key in in_order if key in roles}
    _lift_into_maps(written, by_role.keys(), frozenset(of_maps.values()))
    return written


def _say(
    environment: Written,
    role: str,
    groups: Sequence[CloserLook],
    templates: Mapping[tuple[str, str], str],
    kinds: Kinds,
) -> None:
    """Write what the first group has, role and all; tell what cannot be written, and which others differ from it."""
    kind = kinds["Environment"]
    first, *others = groups
    unsaid = list(first.unsaid)
    fields = dict(first.fields)
    if first.user_data:
        fields["userData"] = templates[first.environment, role]
    for name, value in fields.items():
        spec = deepcopy(environment.spec)
        spec.setdefault("roles", {}).setdefault(role, {})[name] = value
        if is_valid(kind, spec):
            environment.spec = spec
        else:
            shown = in_short(kind, ("roles",), value)
            unsaid.append(f"has {name} {shown}, which no role can say")
    _note_unsaid(environment, first, unsaid)
    for group in others:
        _note_unsaid(environment, group, group.unsaid)
        unlike = sorted(
            name
            for name in group.fields.keys() | first.fields.keys()
            if group.fields.get(name) != first.fields.get(name)
        )
        unlike += ["user data"] if group.user_data != first.user_data else []
        if unlike:
            environment.note(
                f"group {group.group} has other {', '.join(unlike)} than {first.group}",
                f"what {first.group} has",
                "a role is one for all slices: choose",
            )
    for odd in dict.fromkeys(odd for group in groups for odd in group.oddities):
        environment.note(*odd)


def _note_unsaid(environment: Written, group: CloserLook, unsaid: Sequence[str]) -> None:
    if unsaid:
        environment.note(
            f"group {group.group} {'; '.join(unsaid)}",
            "what its role says: instances to come get that, those that run stay as they are",
            "see whether they can do with that",
        )


def _templates(
    by_role: Mapping[tuple[str, str], Sequence[CloserLook]], written: dict[ResourceRef, Written]
) -> dict[tuple[str, str], str]:
    """Add a Template for each text; return environment and role -> its name: that of the role, longer where it takes that."""
    first = (groups[0] for groups in by_role.values())
    users = _by_text([look for look in first if look.user_data and not look.old_platform])
    roles = [{look.role for look in using} for using in users.values()]
    names: dict[tuple[str, str], str] = {}
    for text, using in sorted(users.items(), key=lambda item: item[1][0].group):
        role = using[0].role
        alone = sum(role in having for having in roles) == 1
        base = role.lower() if alone else f"{using[0].environment}-{role.lower()}"
        name = free_name(base, {ref.key for ref in written if ref.kind == "Template"})
        ref = ResourceRef("Template", name)
        told = f"the text, with {_VARIABLE} for its name" if _VARIABLE in text else "the text"
        written[ref] = _template(ref, text, using, told)
        names |= dict.fromkeys(((look.environment, look.role) for look in using), name)
    return names


def _template(ref: ResourceRef, text: str, using: Sequence[CloserLook], told: str) -> Written:
    more = f" and {len(using) - 1} more" if len(using) > 1 else ""
    template = Written(ref, ref.key, {"text": text})
    template.note(f"user data of group {using[0].group}{more}", told, "see that it holds no secret")
    return template


def _templates_of_maps(
    by_role: Mapping[tuple[str, str], Sequence[CloserLook]], written: dict[ResourceRef, Written]
) -> dict[tuple[str, str], str]:
    """Add a Template for each map whose groups have the old product's user data; return environment and role -> its name.

    It is called like the map, with the platform behind where the map has several.
    """
    users: dict[str, dict[tuple[str, str], list[CloserLook]]] = {}
    for (environment, _), (first, *_) in by_role.items():
        if first.old_platform:
            owner = written[ResourceRef("Environment", environment)].named("DeploymentMap").key
            texts = users.setdefault(owner, {})
            texts.setdefault((first.old_platform, first.user_data), []).append(first)
    names: dict[tuple[str, str], str] = {}
    for owner, texts in users.items():
        for (platform, text), using in texts.items():
            base = _STRANGE.sub("-", owner).strip("-").lower()
            base = base if len(texts) == 1 else f"{base}-{platform}"
            name = free_name(base, {ref.key for ref in written if ref.kind == "Template"})
            ref = ResourceRef("Template", name)
            told = "the text, with variables for what the old product had filled in"
            written[ref] = _template(ref, text, using, told)
            names |= dict.fromkeys(((look.environment, look.role) for look in using), name)
    return names


def _by_text(looks: Iterable[CloserLook]) -> dict[str, list[CloserLook]]:
    """Return text -> the groups that have it; one of several environments, if it only differs in their names, is one."""
    alike: dict[str, list[CloserLook]] = {}
    for look in looks:
        name = rf"(?<![A-Za-z0-9]){re.escape(look.environment)}(?![A-Za-z0-9])"
        alike.setdefault(re.sub(name, _VARIABLE, look.user_data), []).append(look)
    users: dict[str, list[CloserLook]] = {}
    for text, using in alike.items():
        shared = len({look.environment for look in using}) >= FEWEST
        for look in using:
            users.setdefault(text if shared else look.user_data, []).append(look)
    return users


def _leave_sizes_to_schedules(environment: Written, owner: Written, role: str) -> None:
    """Take sizes that scaling schedules set out of the environment: what they are when looked at says nothing."""
    override = environment.spec.get("roles", {}).get(role, {})
    set_by = {
        name
        for schedule in override.get("scalingSchedules", ())
        for name in _SIZES
        if name in schedule
    }
    own: Mapping[str, Json] = next(
        (known for known in owner.spec["roles"] if known["serverRoleName"] == role), {}
    )
    settings = override.get("autoScalingSettings", {})
    kept = {name: size for name, size in settings.items() if name not in set_by}
    sizes = {**own.get("autoScalingSettings", {}), **kept}
    ordered = [sizes[name] for name in _SIZES if name in sizes]
    if kept != settings and ordered == sorted(ordered):
        override["autoScalingSettings"] = kept
        if not kept:
            del override["autoScalingSettings"]


def _lift_into_maps(
    written: Documents, seen: Collection[tuple[str, str]], own: Collection[str]
) -> None:
    """Let a map say what the groups of all its environments have alike. One that was written before is left as it is.

    ``own`` are Templates of maps: those are named by their maps if there is but one environment, too.
    """
    users: dict[str, list[Written]] = {}
    for document in written.values():
        if document.ref.kind == "Environment":
            users.setdefault(str(document.spec["deploymentMap"]), []).append(document)
    for ref, owner in written.items():
        using = users.get(owner.name, ())
        if ref.kind != "DeploymentMap" or owner.ours or any(user.ours for user in using):
            continue
        for role in owner.spec["roles"]:
            name = role["serverRoleName"]
            having = [user for user in using if _override(user, name).get("enabled") is not False]
            if having and all((user.name, name) in seen for user in having):
                _lift(role, name, having, own)


def _lift(
    role: dict[str, Json], name: str, having: Sequence[Written], own: Collection[str]
) -> None:
    for field in LIFTED:
        values = [_override(user, name).get(field) for user in having]
        if values[0] is None or any(value != values[0] for value in values):
            continue
        if len(having) < FEWEST and not (field == "userData" and values[0] in own):
            continue
        role[field] = values[0]
        for user in having:
            roles = user.spec["roles"]
            del roles[name][field]
            if not roles[name]:
                del roles[name]
            if not roles:
                del user.spec["roles"]


def _override(environment: Written, role: str) -> Mapping[str, Json]:
    found: Mapping[str, Json] = environment.spec.get("roles", {}).get(role, {})
    return found
