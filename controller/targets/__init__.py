"""What can be made as the desired state says: the config tables, their replicas, groups, scaling schedules, power."""
