"""Desired and observed in, a plan out: pure decisions, their digests, and how they are shown."""
