"""A command at work in a terminal: signals it hears, and how far it is."""
