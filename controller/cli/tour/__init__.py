"""The guided tour: ``envctl demo``."""
