"""Version of the distribution `arcade-gym`."""

__version__ = "0.1.0"
