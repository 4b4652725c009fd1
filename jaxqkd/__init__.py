"""Quantum knowledge distillation in JAX: a classical teacher's soft labels train a small quantum student.

Five words make everything: Data, Model, Circuit, Loss, Run. `fit` trains any model, `label` asks a teacher,
`sweep` runs many seeds and settings in one compiled program. (Not quantum key distribution.)
"""

from jaxqkd import circuits, data, losses, metrics, models, quantum, studies, teachers
from jaxqkd.circuits import Circuit, Gate
from jaxqkd.quantum import simulators
from jaxqkd.runtime import use_all_cores, use_compile_cache
from jaxqkd.saving import load_student, save_student
from jaxqkd.sweeps import compile_sweep, grid, sweep
from jaxqkd.training import fit, label
from jaxqkd.types import Data, Fit, Loss, Model, Run

__version__ = "0.1.0"

__all__ = [
    "Circuit",
    "Data",
    "Fit",
    "Gate",
    "Loss",
    "Model",
    "Run",
    "circuits",
    "compile_sweep",
    "data",
    "fit",
    "grid",
    "label",
    "load_student",
    "losses",
    "metrics",
    "models",
    "quantum",
    "save_student",
    "simulators",
    "studies",
    "sweep",
    "teachers",
    "use_all_cores",
    "use_compile_cache",
]
