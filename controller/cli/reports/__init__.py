"""How commands show plans, and write them to files."""
