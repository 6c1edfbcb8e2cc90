"""What an installation's settings make of tag keys, periods and limits."""

from controller.decisions.evaluator import PowerRules
from controller.model.live_options import LiveOptions
from controller.scheduling.facts import DecisionRules


def power_rules_of(options: LiveOptions) -> PowerRules:
    """Return the customs. A tag whose key the settings leave out is looked for by its usual key all the same."""
    keys, power = options.tag_keys, options.power
    return PowerRules(
        rules=DecisionRules(
            schedule_tag=keys.get("Schedule") or "Schedule",
            maintenance_tag=keys.get("Maintenance") or "Maintenance",
            grace_period_s=power.grace_period_s,
            deployment_postpones_s=power.deployment_postpones_s,
        ),
        environment_tag=keys.get("Environment") or "Environment",
        role_tag=keys.get("Role") or "Role",
        only_environments=frozenset(map(str.lower, power.only_environments)),
        only_accounts=frozenset(map(str.lower, power.only_accounts)),
    )
