"""One file per game; the module docstring is its manual page."""
