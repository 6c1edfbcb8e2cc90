"""Kinds as said of several objects."""


def plural(kind: str) -> str:
    """Return ``Services`` for ``Service``; what ends in s stays: ``NotificationSettings``."""
    return kind if kind.endswith("s") else f"{kind}s"
