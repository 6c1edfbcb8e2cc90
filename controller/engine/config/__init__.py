"""The config scope: observe the tables, plan a revision against them, apply."""
