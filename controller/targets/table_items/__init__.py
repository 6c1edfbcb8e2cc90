"""Items of the config tables: their marks, what is found in them, what is written to them. Pure."""
