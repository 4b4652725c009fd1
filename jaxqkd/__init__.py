"""Quantum knowledge distillation in JAX: a classical teacher's soft labels train a small quantum student.

Five words make everything: Data, Model, Circuit, Loss, Run. `fit` trains any model, `label` asks a teacher,
`sweep` runs many seeds and settings in one compiled program. (Not quantum key distribution.)
"""

from jaxqkd import controls, data, diagnostics, export, losses, metrics, models, resources, studies, teachers
from jaxqkd.quantum import channels, circuits, encodings, engine, initialisers, mitigation, sampling, trajectories
from jaxqkd.quantum.noise import Noise
from jaxqkd.runtime import use_all_cores, use_compile_cache
from jaxqkd.saving import load_student, save_student
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
    "Noise",
    "Run",
    "channels",
    "circuits",
    "controls",
    "data",
    "diagnostics",
    "encodings",
    "engine",
    "export",
    "fit",
    "grid",
    "initialisers",
    "label",
    "load_student",
    "losses",
    "metrics",
    "mitigation",
    "models",
    "prepare",
    "resources",
    "sampling",
    "save_student",
    "studies",
    "sweep",
    "teachers",
    "trajectories",
    "use_all_cores",
    "use_compile_cache",
]
