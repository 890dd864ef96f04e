"""Studies: many runs, one table (extra `baselines`)."""
