"""Circuits: plain, hashable data that everything else interprets, and the ansätze that return them."""

from jaxqkd.quantum.circuits.ansatze import (
    hea,
    mirror_angles,
    mirrored,
    real_amplitudes,
    reuploading,
    strongly_entangling,
    universal,
)
from jaxqkd.quantum.circuits.description import Description, describe
from jaxqkd.quantum.circuits.gates import FIXED, ROTATIONS, Circuit, Gate, check_kept

__all__ = [
    "FIXED",
    "ROTATIONS",
    "Circuit",
    "Description",
    "Gate",
    "check_kept",
    "describe",
    "hea",
    "mirror_angles",
    "mirrored",
    "real_amplitudes",
    "reuploading",
    "strongly_entangling",
    "universal",
]
