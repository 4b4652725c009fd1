"""Programs checked by Qiskit (extra `export`): parsed, simulated, compared with ours, compiled for a machine."""

import functools
import importlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.export.students import bases, inputs_of, logits_of, openqasm, values_of
from jaxqkd.models import QuantumStudent
from jaxqkd.types import Params

TOLERANCE = 1e-5
"""The largest accepted difference of a logit by Qiskit from ours, relative to the largest logit if above 1."""

BASIS = ("rz", "sx", "x", "cz")
"""The gates of the machine that programs are compiled for."""


class Cost(NamedTuple):
    """The cost of a program on a machine.

    Attributes:
        depth: Number of moments, without the final measurements.
        gates: Number of gates.
        two_qubit_gates: Number of gates on two or more qubits.
    """

    depth: int
    gates: int
    two_qubit_gates: int


class Judgement(NamedTuple):
    """Qiskit's results for a program.

    Attributes:
        difference: The largest difference of a logit from ours.
        written: Cost of the program as written.
        line: Cost on a machine whose qubits form a line, each coupled to its neighbors.
        heavy_hex: Cost on a heavy-hexagon lattice.
    """

    difference: float
    written: Cost
    line: Cost
    heavy_hex: Cost


def qiskit(student: QuantumStudent, params: Params, x: Any = None, *, basis: str | None = None) -> Any:
    """Returns the trained student as a `qiskit.QuantumCircuit`, parsed from the program that `openqasm` writes.

    Args:
        student: The model.
        params: Its trained parameters.
        x: Features [D] of an example, or None for a circuit with parameters x0, x1, ...
        basis: Which of `bases(student)` is measured, where there are several.

    Raises:
        ImportError: Without the extra `export`.
        ValueError: As `openqasm`.
    """
    return parse(openqasm(student, params, x, basis=basis))


def parse(program: str) -> Any:
    """Returns the `qiskit.QuantumCircuit` of an OpenQASM program, 2 or 3."""
    name = "qiskit.qasm2" if program.startswith("OPENQASM 2") else "qiskit.qasm3"
    if name == "qiskit.qasm3":
        _needed("qiskit_qasm3_import")
    return _needed(name).loads(program)


def outcomes(circuit: Any) -> np.ndarray:
    """Returns the probabilities [2^bits] of outcomes of a Qiskit circuit without parameters, c[0] leading."""
    measured = {
        circuit.find_bit(step.clbits[0]).index: circuit.find_bit(step.qubits[0]).index
        for step in circuit.data
        if step.operation.name == "measure"
    }
    state = _needed("qiskit.quantum_info").Statevector(circuit.remove_final_measurements(inplace=False))
    qubits = [measured[bit] for bit in reversed(range(len(measured)))]  # Qiskit's last one leads
    return state.probabilities(qubits)


def expectations(circuit: Any) -> np.ndarray:
    """Returns <Z> of each measured qubit [bits] of a Qiskit circuit without parameters, by its statevector."""
    shares = outcomes(circuit)
    cube = shares.reshape([2] * (len(shares) - 1).bit_length())
    ones = [np.take(cube, 1, axis=axis).sum() for axis in range(cube.ndim)]
    return 1 - 2 * np.asarray(ones)


def judge(student: QuantumStudent, params: Params, x: Any, program: str | Sequence[str]) -> Judgement:
    """Returns Qiskit's results for a program of the student: the largest difference of a logit, and its costs.

    Arguments and errors are those of `compare`. Of several programs, the costs are those of the first.
    """
    difference, bound = compare(student, params, x, program)
    return Judgement(difference, _cost(bound), *_fitted(bound))


def compare(student: QuantumStudent, params: Params, x: Any, program: str | Sequence[str]) -> tuple[float, Any]:
    """Returns the largest difference of a program's logits by Qiskit from ours, and the (first) Qiskit circuit.

    Args:
        student: The model.
        params: Its trained parameters.
        x: Features [D] of an example, to which the program's inputs are bound if it has any.
        program: OpenQASM, as `openqasm` returns it; for a readout of several bases, a program for each.

    Raises:
        ImportError: Without the extra `export`.
        ValueError: If a logit differs by more than `TOLERANCE`.
    """
    programs = [program] if isinstance(program, str) else list(program)
    count, cure = len(bases(student)), "Pass [openqasm(..., basis=basis) for basis in bases(student)]."
    checks.require(len(programs) == count, "program", f"be {count} for this readout", len(programs), cure)
    bound = [_bound(student, params, x, parse(each)) for each in programs]
    theirs = logits_of(student, params, values_of(student, [outcomes(each) for each in bound]))
    ours = np.asarray(_compiled(student.clone(noise=None, taps=()))(params, jnp.asarray(x)[None]))[0]
    difference = float(abs(theirs - ours).max())
    must = f"give the student's logits to {TOLERANCE:g}"
    good = difference <= TOLERANCE * max(1.0, float(abs(ours).max()))
    checks.require(good, "program", must, f"off by {difference:.2g}", "Export the student again.")
    return difference, bound[0]


@functools.lru_cache(maxsize=8)
def _compiled(student: QuantumStudent) -> Any:
    return jax.jit(student.apply)


def _bound(student: QuantumStudent, params: Params, x: Any, circuit: Any) -> Any:
    """Returns the circuit with its parameters bound to the inputs of the encoding for the example x."""
    if not circuit.parameters:
        return circuit
    inputs = inputs_of(student, params, x)
    return circuit.assign_parameters({name: inputs[int(name.name[1:])] for name in circuit.parameters})


def _fitted(circuit: Any) -> tuple[Cost, Cost]:
    """Returns the costs on the smallest line and the smallest heavy-hexagon lattice that hold the circuit."""
    coupling = _needed("qiskit.transpiler").CouplingMap
    distance = 3
    while coupling.from_heavy_hex(distance).size() < circuit.num_qubits:
        distance += 2
    machines = coupling.from_line(circuit.num_qubits), coupling.from_heavy_hex(distance)
    options = {"basis_gates": list(BASIS), "optimization_level": 3, "seed_transpiler": 0}
    transpile = _needed("qiskit").transpile
    line, heavy_hex = (_cost(transpile(circuit, coupling_map=machine, **options)) for machine in machines)
    return line, heavy_hex


def _cost(circuit: Any) -> Cost:
    gates = [step for step in circuit.data if step.operation.name not in ("measure", "barrier")]
    depth = circuit.depth(lambda step: step.operation.name not in ("measure", "barrier"))
    return Cost(depth, len(gates), sum(len(step.qubits) > 1 for step in gates))


def _needed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"This needs the package {module}: pip install 'jaxqkd[export]'") from error
