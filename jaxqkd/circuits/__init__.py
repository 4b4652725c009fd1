"""Circuits: plain, hashable data that everything else interprets, the gates they are made of, and ansätze."""

from jaxqkd.circuits.angles import resolved
from jaxqkd.circuits.ansatze import (
    hea,
    mirror_angles,
    mirrored,
    real_amplitudes,
    reuploading,
    strongly_entangling,
    universal,
)
from jaxqkd.circuits.circuit import Circuit, check_measured
from jaxqkd.circuits.drawing import Description, describe
from jaxqkd.circuits.gates import GATES, Gate, GateSpec, Part, matrix, unitary
from jaxqkd.circuits.tensorcircuit import Imported, from_tensorcircuit, to_tensorcircuit

__all__ = [
    "GATES",
    "Circuit",
    "Description",
    "Gate",
    "GateSpec",
    "Imported",
    "Part",
    "check_measured",
    "describe",
    "from_tensorcircuit",
    "hea",
    "matrix",
    "mirror_angles",
    "mirrored",
    "real_amplitudes",
    "resolved",
    "reuploading",
    "strongly_entangling",
    "to_tensorcircuit",
    "unitary",
    "universal",
]
