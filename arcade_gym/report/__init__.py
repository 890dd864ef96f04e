"""One page about runs: curves, returns, recorded episodes and what agents remember."""

try:
    from arcade_gym.report.settings import Settings
    from arcade_gym.report.writing import check_out, write_report
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"arcade_gym.report needs {error.name}: pip install 'arcade-gym[baselines]'",
        name=error.name,
    ) from error

__all__ = ["Settings", "check_out", "write_report"]
