"""Sweeps: one run over a grid of hyper-parameters and many seeds, in one compiled program on all devices."""

from jaxqkd.sweeps.arguments import grid
from jaxqkd.sweeps.compilation import compile_sweep, sweep

__all__ = ["compile_sweep", "grid", "sweep"]
