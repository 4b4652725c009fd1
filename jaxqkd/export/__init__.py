"""Export: trained students as OpenQASM programs and Qiskit circuits, checked by an independent simulator."""

from jaxqkd.circuits.openqasm.preparation import prepare
from jaxqkd.export.judging import Cost, Judgement, compare, judge, qiskit
from jaxqkd.export.students import bases, classical, logits_of, openqasm, operations, values_of

__all__ = [
    "Cost",
    "Judgement",
    "bases",
    "classical",
    "compare",
    "judge",
    "logits_of",
    "openqasm",
    "operations",
    "prepare",
    "qiskit",
    "values_of",
]
