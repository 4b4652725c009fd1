"""Compilation: a circuit in the basis gates of a device, on chosen qubits, by Qiskit's transpiler."""

import importlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import GATES, Circuit, Gate, Part
from jaxqkd.circuits.angles import angle_of
from jaxqkd.circuits.gates import spec_of
from jaxqkd.devices.calibrations import Device, check_qubits
from jaxqkd.devices.layout import costs_of

NAMES = {"cnot": "cx", "cz": "cz", "ecr": "ecr", "rz": "rz", "sx": "sx", "x": "x", "rx": "rx"}
"""The gates that compiled circuits consist of, with Qiskit's names for them."""
THEIRS = {"cnot": "cx", "toffoli": "ccx"}
"""Names of gates that Qiskit calls otherwise."""
SEED = 0
"""Of the transpiler, whose routing draws at random."""


class Compiled(NamedTuple):
    """A circuit in the basis of a device.

    Attributes:
        circuit: The circuit on as many qubits as before, its trained angles in the same order.
        layout: The device's qubit of each of its qubits; each starts as the qubit of the same number.
        final: Where each qubit of the circuit before is in the end, after routing.
    """

    circuit: Circuit
    layout: tuple[int, ...]
    final: tuple[int, ...]

    def student(self, student: Any) -> Any:
        """Returns the `QuantumStudent` with this circuit, which reads the same qubits as before.

        Its parameters are those of the student before, but where layers were unfolded; see `parameters`.
        """
        measured = range(len(self.final)) if student.measured is None else student.measured
        return student.clone(circuit=self.circuit, measured=tuple(self.final[qubit] for qubit in measured))

    def parameters(self, params: Any) -> Any:
        """Returns parameters of the student before as those of `student`, in its shapes."""
        own = params["params"]
        return {**params, "params": {**own, "theta": own["theta"].reshape(self.circuit.shape)}}


def compiled(device: Device, circuit: Circuit, *, layout: Sequence[int] | None = None, level: int = 2) -> Compiled:
    """Returns the circuit in the basis of the device, the same unitary up to a phase and a permutation of qubits.

    Trained angles and features stay what they are, with factors and offsets. Layers stay layers if routing brings
    every qubit back in each of them; else they are unfolded into one, whose angles are those of all layers in
    order.

    Args:
        device: The device.
        circuit: The circuit.
        layout: The device's qubit of each qubit, connected; the best ones where None. Routing uses no others.
        level: Optimization level of Qiskit's transpiler, 0 to 3.

    Raises:
        ImportError: Without the extra `export`.
        ValueError: If the layout does not fit, or the device's basis is not one of RZ, SX and a two-qubit gate.
    """
    chosen = device.layout(circuit) if layout is None else check_qubits(device, layout, circuit.qubits)
    _check_basis(device)
    target = _target(device, chosen)
    layer, final = _transpiled(target, circuit.qubits, circuit.gates, circuit.shape[1], circuit.features, level)
    prefix, moved = _transpiled(target, circuit.qubits, circuit.prefix, 0, circuit.features, level)
    stays = tuple(range(circuit.qubits))
    if final == moved == stays:
        return Compiled(Circuit(circuit.qubits, circuit.layers, layer, prefix, circuit.scale), chosen, stays)
    layers, angles = circuit.shape
    unfolded = [
        gate if gate.theta is None else gate._replace(theta=gate.theta + number * angles)
        for number in range(layers)
        for gate in circuit.gates
    ]
    every = [*circuit.prefix, *unfolded]
    gates, final = _transpiled(target, circuit.qubits, every, layers * angles, circuit.features, level)
    return Compiled(Circuit(circuit.qubits, 1, gates, scale=circuit.scale), chosen, final)


def _check_basis(device: Device) -> None:
    good = {"rz", "sx"} <= set(device.basis) and bool({"cx", "cz", "ecr"} & set(device.basis))
    must = "have a basis of rz, sx and cx, cz or ecr"
    cure = "Devices of before 2021 have u1, u2 and u3 instead; take a later one."
    checks.require(good, "device", must, f"{device.name} with {', '.join(device.basis)}", cure)


def _target(device: Device, layout: Sequence[int]) -> Any:
    """Returns Qiskit's target of the chosen qubits, without the pairs that are faulty."""
    library = needed("qiskit.circuit.library").get_standard_gate_name_mapping()
    target = needed("qiskit.transpiler").Target(num_qubits=len(layout))
    known, places = costs_of(device).pairs, {qubit: place for place, qubit in enumerate(layout)}
    pairs: set[tuple[int, ...]] = set()
    for name in device.basis:
        if name not in NAMES.values():
            continue
        where = [at for at in device.gates.get(name, {}) if set(at) <= set(layout)]
        usable = [at for at in where if len(at) == 1 or np.isfinite(known[at])]
        pairs |= {at for at in usable if len(at) == 2}
        if usable:
            own: dict[tuple[int, ...], None] = {tuple(places[qubit] for qubit in at): None for at in usable}
            target.add_instruction(library[name], own)
    _check_connected(device, layout, pairs)
    return target


def _check_connected(device: Device, layout: Sequence[int], pairs: set[tuple[int, ...]]) -> None:
    reached, border = set(), {layout[0]}
    while border:
        reached |= border
        border = {qubit for pair in pairs if border & set(pair) for qubit in pair} - reached
    must = f"name connected qubits of {device.name}, without faulty pairs between them"
    cure = "Leave it out: device.layout(circuit) finds the best ones."
    checks.require(reached >= set(layout), "layout", must, tuple(layout), cure)


def _transpiled(
    target: Any, qubits: int, gates: Sequence[Gate], angles: int, features: int, level: int
) -> tuple[tuple[Gate, ...], tuple[int, ...]]:
    """Returns gates in the basis of a target, and where each qubit is in the end."""
    qiskit = needed("qiskit")
    theta, x = (
        [qiskit.circuit.Parameter(f"{name}{index}") for index in range(count)]
        for name, count in (("t", angles), ("x", features))
    )
    circuit = qiskit.QuantumCircuit(qubits)
    for gate in gates:
        _add(circuit, gate, angle_of(gate, theta, x))
    options = {"initial_layout": list(range(qubits)), "seed_transpiler": SEED, "optimization_level": level}
    done = qiskit.transpile(circuit, target=target, **options)
    final = tuple(range(qubits)) if done.layout is None else tuple(done.layout.final_index_layout())
    ours = {theirs: name for name, theirs in NAMES.items()}
    listed: list[Gate] = []
    for step in done.data:
        where = tuple(done.find_bit(qubit).index for qubit in step.qubits)
        listed += _read(ours[step.operation.name], where, step.operation.params)
    return tuple(listed), final


def _add(circuit: Any, gate: Gate, angle: Any) -> None:
    """Adds a gate to a Qiskit circuit, at an angle that may hold symbols."""
    standard = _standard()
    if gate.matrix is None and THEIRS.get(gate.name, gate.name) in standard:
        _append(circuit, gate.name, gate.qubits, angle)
        return
    if angle is None:
        matrix = spec_of(gate).matrix
        unitary = needed("qiskit.circuit.library").UnitaryGate(matrix)
        circuit.append(unitary, gate.qubits[::-1])  # Qiskit's first qubit is the last bit
        return
    for part in GATES[gate.name].openqasm:
        assert isinstance(part, Part)
        own = part.angle if part.factor is None else angle * part.factor
        _append(circuit, part.name, tuple(gate.qubits[place] for place in part.places), own)


def _append(circuit: Any, name: str, qubits: Sequence[int], angle: Any) -> None:
    kind = _standard()[THEIRS.get(name, name)].base_class
    circuit.append(kind() if angle is None else kind(angle), qubits)


def _standard() -> Any:
    return needed("qiskit.circuit.library").get_standard_gate_name_mapping()


def _read(name: str, where: tuple[int, ...], parameters: Sequence[Any]) -> Iterator[Gate]:
    """Yields a gate of Qiskit as ours; a rotation by a sum of several angles becomes one for each of them."""
    if not parameters:
        yield Gate(name, where)
        return
    terms, offset = _linear(parameters[0])
    if not terms:
        yield Gate(name, where, offset=offset)
    for number, (names, factor) in enumerate(terms):
        indices = [int(symbol[1:]) for symbol in names]
        first = offset if number == 0 else 0.0
        if names[0].startswith("t"):
            yield Gate(name, where, theta=indices[0], factor=factor, offset=first)
        else:
            x = indices[0] if len(indices) == 1 else tuple(indices)
            yield Gate(name, where, x=x, factor=factor, offset=first)


def _linear(angle: Any) -> tuple[list[tuple[tuple[str, ...], float]], float]:
    """Returns an angle as terms, each the names of symbols that are multiplied and a factor, and an offset."""
    if not getattr(angle, "parameters", ()):
        return [], float(angle)
    polynomial = needed("sympy").Poly(angle.sympify())
    terms, offset = [], 0.0
    for powers, factor in polynomial.terms():
        names = [str(symbol) for symbol, power in zip(polynomial.gens, powers, strict=True) for _ in range(power)]
        if names:
            terms.append((tuple(sorted(names)), float(factor)))
        else:
            offset = float(factor)
    return terms, offset


def needed(module: str) -> Any:
    """Returns an imported module of Qiskit; an error names the extra that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"Compilation needs the package {module}: pip install 'jaxqkd[export]'") from error
