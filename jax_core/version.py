"""Version of the distribution `arcade-gym`."""

__version__ = "0.2.0"
