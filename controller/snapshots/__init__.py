"""Copies of the tables in a bucket or a folder: how they are kept, written, read back, checked, and thinned out."""
