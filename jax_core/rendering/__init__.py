"""Pixels from scenes; knows no game."""
