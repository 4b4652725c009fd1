"""Named devices: their calibrations, and the qubits, the circuit and the noise that a student has on them."""

from jaxqkd.devices.calibrations import Calibration, Device, Fault, Qubit
from jaxqkd.devices.compilation import Compiled
from jaxqkd.devices.reading import from_qiskit, load, names, read

__all__ = ["Calibration", "Compiled", "Device", "Fault", "Qubit", "from_qiskit", "load", "names", "read"]
