"""Keys of tags, as an installation's settings name them: one place for what is decided, explained and written."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.decisions.group_tags import SCHEDULE, TAGS
from controller.model.accepted import LiveOptions
from controller.model.live import FoundGroup
from controller.scheduling.facts import DecisionRules, tag_value

_RULES = DecisionRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class TagKeys:
    """Keys of the tags that are looked for on instances and groups. AWS's tags match them in any case."""

    environment: str = "Environment"
    role: str = "Role"
    schedule: str = _RULES.schedule_tag
    maintenance: str = _RULES.maintenance_tag
    override: str = _RULES.override_tag

    def schedule_is_ours(self, group: FoundGroup) -> bool:
        """Tell whether a group's schedule tag is as we wrote it for its role: any other value was put there by a person."""
        ours = group.tag(SCHEDULE)
        return ours is not None and ours.strip() == tag_value(group.tags, self.schedule)


def tag_keys_of(options: LiveOptions) -> TagKeys:
    """Return the keys to look for. A tag whose key the settings leave out is looked for by its usual key all the same."""
    renamed = options.tag_keys
    return TagKeys(
        environment=renamed.get("Environment") or "Environment",
        role=renamed.get("Role") or "Role",
        schedule=renamed.get("Schedule") or _RULES.schedule_tag,
        maintenance=renamed.get("Maintenance") or _RULES.maintenance_tag,
    )


def written_keys(renamed: Mapping[str, str]) -> dict[str, str]:
    """Return usual key -> key of the tags that groups are given; tags that the setting leaves out are not there."""
    return {usual: key for usual in TAGS if (key := renamed.get(usual, usual))}
