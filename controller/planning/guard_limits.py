"""How much one plan may do before a person has to say yes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Limits per scope. A share is of the objects of that kind that are ours in that scope.

    Shares hold from ``from_objects`` objects up; below, at most ``small_max_deletes`` may go.
    """

    max_delete_share: float = 0.3
    from_objects: int = 10
    small_max_deletes: int = 3
    max_deletes: int = 50
    max_update_share: float = 0.3
    max_instances_launched: int = 20
    max_instances_ended: int = 20
    max_instances_replaced: int = 300
    max_stops_by_edit: int = 50
