"""Questions people ask; nothing here writes."""
