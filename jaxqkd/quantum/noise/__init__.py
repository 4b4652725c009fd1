"""Noise: channels, the model that says which of them act where, and the schedule of a noisy circuit."""

from jaxqkd.quantum.noise import channels
from jaxqkd.quantum.noise.model import Idle, NoiseModel

__all__ = ["Idle", "NoiseModel", "channels"]
