"""What should be: a revision loaded, overrides applied, the accepted state read back."""
