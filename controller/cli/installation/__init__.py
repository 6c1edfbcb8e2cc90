"""Commands by which an installation is made: its tables, and the templates of what it runs in."""
