"""The engine of both environments: lanes of a batch in one compiled call per step."""
