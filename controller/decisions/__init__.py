"""Decisions that engine and targets share; pure."""
