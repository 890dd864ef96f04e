"""Learners in JAX: agents with any memory, trained on the device."""
