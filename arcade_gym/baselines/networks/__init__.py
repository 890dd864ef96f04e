"""Networks of frames: an encoder, any memory, and heads for values or policies."""

from arcade_gym.baselines.networks.encoders import STAGES, Encoder
from arcade_gym.baselines.networks.recurrent import ActorCriticRNN, QNetworkRNN

__all__ = ["STAGES", "ActorCriticRNN", "Encoder", "QNetworkRNN"]
