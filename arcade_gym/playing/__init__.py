"""Human play in a window (extra `human`); nothing else imports this package."""

import os

# pygame's way of asking it not to print a line of advertisement when it is imported.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
