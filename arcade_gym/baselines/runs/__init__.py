"""Runs on disk: folders, checkpoints, weights, metrics, and how a run is judged."""
