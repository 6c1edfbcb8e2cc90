"""Subcommands of `envctl audit` that need a file of their own."""
