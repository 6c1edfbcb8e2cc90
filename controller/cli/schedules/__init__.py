"""``envctl schedule``: schedules as calendars, what is on outside of them, hours."""
