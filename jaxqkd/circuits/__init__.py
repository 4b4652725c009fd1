"""Circuits: plain, hashable data that everything else interprets, and the ansätze that return them."""

from jaxqkd.circuits.ansatze import (
    hea,
    mirror_angles,
    mirrored,
    real_amplitudes,
    reuploading,
    strongly_entangling,
    universal,
)
from jaxqkd.circuits.drawing import Description, describe
from jaxqkd.circuits.gates import FIXED, ROTATIONS, Circuit, Gate, check_measured

__all__ = [
    "FIXED",
    "ROTATIONS",
    "Circuit",
    "Description",
    "Gate",
    "check_measured",
    "describe",
    "hea",
    "mirror_angles",
    "mirrored",
    "real_amplitudes",
    "reuploading",
    "strongly_entangling",
    "universal",
]
