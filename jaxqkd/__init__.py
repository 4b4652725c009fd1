"""Quantum knowledge distillation in JAX: a classical teacher's soft labels train a small quantum student.

Five words make everything: Data, Model, Circuit, Loss, Run. `fit` trains any model, `label` asks a teacher,
`sweep` runs many seeds and settings in one compiled program. (Not quantum key distribution.)
"""

from jaxqkd import data, losses, metrics, models, studies
from jaxqkd.quantum import circuits, encodings, engine, initialisers
from jaxqkd.runtime import use_all_cores, use_compile_cache
from jaxqkd.sweeps import grid, prepare, sweep
from jaxqkd.training import fit, label
from jaxqkd.types import Data, Fit, Loss, Metric, Model, Run

__version__ = "0.1.0"

__all__ = [
    "Data",
    "Fit",
    "Loss",
    "Metric",
    "Model",
    "Run",
    "circuits",
    "data",
    "encodings",
    "engine",
    "fit",
    "grid",
    "initialisers",
    "label",
    "losses",
    "metrics",
    "models",
    "prepare",
    "studies",
    "sweep",
    "use_all_cores",
    "use_compile_cache",
]
