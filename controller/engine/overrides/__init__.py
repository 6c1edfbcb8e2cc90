"""Overrides: check one, say what it will do, write it, follow it at once."""
