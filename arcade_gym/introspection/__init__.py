"""What agents remember, and where in the frame (extra `baselines`)."""

try:
    from arcade_gym.introspection.contamination import (
        Contamination,
        Perturbation,
        contaminate,
    )
    from arcade_gym.introspection.density import Density, density_of, recall_density
    from arcade_gym.introspection.exchange import (
        Effects,
        exchange_frames,
        exchange_masked,
        exchange_patches,
        partners,
    )
    from arcade_gym.introspection.observability import (
        Difference,
        memory_bias,
        observability_gap,
        transfer,
    )
    from arcade_gym.introspection.overlay import heat_of, overlay
    from arcade_gym.introspection.published import get_saliency_maps, vis_fn
    from arcade_gym.introspection.recent import recent_heat
    from arcade_gym.introspection.replay import Outputs, replay_outputs
    from arcade_gym.introspection.saliency import (
        frame_norms,
        frame_norms_at,
        saliency_maps,
        signed_gradients,
    )
    from arcade_gym.introspection.targets import Target
    from arcade_gym.introspection.timelines import frame_effects, patch_effects
    from arcade_gym.introspection.trajectory import Trajectory, record_trajectory
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"arcade_gym.introspection needs {error.name}: "
        "pip install 'arcade-gym[baselines]'",
        name=error.name,
    ) from error

__all__ = [
    "Contamination",
    "Density",
    "Difference",
    "Effects",
    "Outputs",
    "Perturbation",
    "Target",
    "Trajectory",
    "contaminate",
    "density_of",
    "exchange_frames",
    "exchange_masked",
    "exchange_patches",
    "frame_effects",
    "frame_norms",
    "frame_norms_at",
    "get_saliency_maps",
    "heat_of",
    "memory_bias",
    "observability_gap",
    "overlay",
    "partners",
    "patch_effects",
    "recall_density",
    "recent_heat",
    "record_trajectory",
    "replay_outputs",
    "saliency_maps",
    "signed_gradients",
    "transfer",
    "vis_fn",
]
