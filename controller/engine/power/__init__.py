"""Decisions for instances as they are now, and the clock that follows schedules."""
