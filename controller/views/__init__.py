"""Values in, text out: plans, status, audit, explanations, schedules as text, Markdown, HTML, JSON."""
