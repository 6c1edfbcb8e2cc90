"""The documents of a random walk: edited at random, always right as a whole."""

from dataclasses import dataclass, field, replace
from random import Random

from tests.support.fleet_yaml import environment
from tests.support.people import SERVICE
from tests.support.walked_estate import ACCOUNTS

CLUSTER = """apiVersion: envctl/v1
kind: Cluster
metadata: {name: %s}
spec: {shortName: %s}
"""
ALWAYS = ("Tango", "Search")
"""Clusters that are never deleted."""
TEAMS = ("Quebec", "Victor")
"""Clusters that come and go."""
ENVIRONMENTS = ("c0", "c1", "c2", "c3")
USUAL = "turns"
"""The schedule of an environment that has no other."""
PORTS = {
    **{f"Service{place}": 40000 + place // 2 for place in range(4)},
    **{f"Solo{place}": 40010 + place for place in range(2)},
}
"""Of each service, for good. Those of a number may not be there together."""


@dataclass(frozen=True)
class WalkedFleet:
    """Clusters, who owns each environment and service, and what an environment's schedule is."""

    clusters: frozenset[str] = frozenset()
    environments: dict[str, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    schedules: dict[str, str] = field(default_factory=dict)

    def edited(self, random: Random) -> "WalkedFleet":
        """Return the fleet after one edit: an object made, changed or deleted."""
        owner = random.choice(sorted(self.clusters.union(ALWAYS)))
        kind = random.choice(["Environment", "Schedule", "Service", "Service", "Cluster"])
        if kind == "Cluster":
            return self._with_cluster(random.choice(TEAMS))
        if kind == "Environment":
            name = random.choice(ENVIRONMENTS)
            return replace(self, environments={**self.environments, name: owner})
        if kind == "Schedule":
            name = random.choice(sorted(self.environments) or ENVIRONMENTS)
            return replace(
                self, schedules={**self.schedules, name: random.choice(["on", "off", USUAL])}
            )
        services, name = dict(self.services), random.choice(sorted(PORTS))
        if services.pop(name, None) is None or random.random() < 0.8:
            services[name] = owner
        return replace(self, services=without_twins(services, name))

    def _with_cluster(self, name: str) -> "WalkedFleet":
        """Make a cluster; one there is is deleted, if nothing is of it."""
        if name in {*self.environments.values(), *self.services.values()}:
            return self
        return replace(self, clusters=self.clusters ^ {name})

    def files(self) -> dict[str, str | None]:
        """Return the files it stands in."""
        texts: dict[str, str | None] = {
            f"cluster-{name}.yaml": CLUSTER % (name, name[:2].lower())
            for name in self.clusters.difference(ALWAYS)
        }
        texts |= {
            f"environment-{name}.yaml": environment(
                name, owner, account_of(name), f", schedule: {self.schedules.get(name, USUAL)}"
            )
            for name, owner in self.environments.items()
        }
        for name, owner in self.services.items():
            texts[f"service-{name}.yaml"] = SERVICE % (name, owner, PORTS[name])
        return texts


def account_of(environment: str) -> str:
    """Return the name of the account an environment is in."""
    return ACCOUNTS[ENVIRONMENTS.index(environment) // 2]


def without_twins(services: dict[str, str], name: str) -> dict[str, str]:
    """Return services without those that have the port of one of them."""
    return {
        known: owner
        for known, owner in services.items()
        if known == name or PORTS[known] != PORTS[name]
    }
