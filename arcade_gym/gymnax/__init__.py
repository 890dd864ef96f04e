"""Environments of the installed gymnax (extra `gymnax`): for what is written for it."""

try:
    from arcade_gym.gymnax.environment import ArcadeEnvironment, make
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"arcade_gym.gymnax needs {error.name}: pip install 'arcade-gym[gymnax]'",
        name=error.name,
    ) from error

__all__ = ["ArcadeEnvironment", "make"]
