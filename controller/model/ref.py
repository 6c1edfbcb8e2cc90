"""What a resource is called: its kind and its key."""

from typing import NamedTuple


class ResourceRef(NamedTuple):
    """Identity of a resource, the same in YAML, in plans, in the tables and in the ledger.

    ``key`` is ``metadata.name``; a LoadBalancerSetting's is ``<environmentName>/<vHostName>``.
    """

    kind: str
    key: str

    def __str__(self) -> str:
        """Print as people type it: ``Environment/c50``."""
        return f"{self.kind}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> "ResourceRef":
        """Read ``Kind/key``; ValueError says how it should look."""
        kind, slash, key = text.partition("/")
        if not (kind and slash and key):
            raise ValueError(
                f"{text!r} is no reference: write it as Kind/name, e.g. Environment/c50"
            )
        return cls(kind, key)
