"""One file per kind; each defines the constant KIND and nothing else has to be edited to add one.

The subpackages `language` and `parts` hold what kinds are written in and made of.
"""
