"""Nouns of the controller: frozen values with no behaviour beyond reading themselves."""
