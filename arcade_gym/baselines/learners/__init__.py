"""Algorithms: PPO, PQN and DQN, and what they share. None of them knows of files."""
