"""What virtual hosts and upstreams take from their environment: account and load balancer group."""

from typing import Any

from controller.kinds.language.kind import World


def placement(environment: str, world: World) -> dict[str, str]:
    """Return AccountId and LoadBalancerGroup for something of an environment; empty where its type is not known.

    Domain rule: the group of load balancers is called like the environment type.
    """
    name = type_of(environment, world)
    if name is None:
        return {}
    environment_type = world.facts("EnvironmentType", name)
    account = environment_type and world.facts("Account", environment_type.account)
    return {"AccountId": account.number, "LoadBalancerGroup": name} if account else {}


def type_of(environment: str, world: World) -> str | None:
    """Return the name of an environment's type, None if there is no such environment."""
    facts = world.facts("Environment", environment)
    return None if facts is None else str(facts.environment_type)


def type_facts(environment: str, world: World) -> Any:
    """Return the facts of an environment's type, None if either does not exist."""
    name = type_of(environment, world)
    return None if name is None else world.facts("EnvironmentType", name)
