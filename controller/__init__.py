"""Keeps the environments of many AWS accounts as YAML in Git says."""

__version__ = "0.1.0"
