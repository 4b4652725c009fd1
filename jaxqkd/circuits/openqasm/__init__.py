"""OpenQASM 2 and 3: programs as circuits, and circuits as programs."""

from jaxqkd.circuits.openqasm.reading import from_qasm
from jaxqkd.circuits.openqasm.writing import to_qasm

__all__ = ["from_qasm", "to_qasm"]
