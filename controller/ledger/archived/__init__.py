"""Old records that were moved out of the table: segments, where they are, what they answer."""
