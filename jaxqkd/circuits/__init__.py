"""Circuits: plain, hashable data that everything else interprets, the gates they are made of, and ansätze."""

from jaxqkd.circuits.angles import Angle, resolved
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
from jaxqkd.circuits.composites import cu, ms, u
from jaxqkd.circuits.drawing import Description, describe
from jaxqkd.circuits.folding import Folded, folded
from jaxqkd.circuits.gates import Gate, matrix, unitary
from jaxqkd.circuits.specs import GateSpec, Part
from jaxqkd.circuits.table import GATES
from jaxqkd.circuits.tensorcircuit import Imported, from_tensorcircuit, to_tensorcircuit

__all__ = [
    "GATES",
    "Angle",
    "Circuit",
    "Description",
    "Folded",
    "Gate",
    "GateSpec",
    "Imported",
    "Part",
    "check_measured",
    "cu",
    "describe",
    "folded",
    "from_tensorcircuit",
    "hea",
    "matrix",
    "mirror_angles",
    "mirrored",
    "ms",
    "real_amplitudes",
    "resolved",
    "reuploading",
    "strongly_entangling",
    "to_tensorcircuit",
    "u",
    "unitary",
    "universal",
]
