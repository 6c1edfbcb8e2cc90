"""What helps people to write documents: import from accounts and tables, scaffolds, schema files."""
