"""Subcommands of ``envctl schedule`` that ask about an installation."""
