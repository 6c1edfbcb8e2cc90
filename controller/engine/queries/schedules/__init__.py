"""Previews, hours and exceptions of schedules."""
