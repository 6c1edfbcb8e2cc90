"""From YAML text to a checked desired state, or to problems that say where and what to write instead."""
