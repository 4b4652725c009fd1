"""Compilation: a circuit in the basis gates of a device, on chosen qubits, by Qiskit's transpiler."""

import importlib
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import GATES, Circuit, Gate, Part
from jaxqkd.devices.calibrations import Device, check_qubits
from jaxqkd.devices.layout import costs_of

NAMES = {"cnot": "cx"} | {name: name for name in ("cz", "ecr", "rz", "sx", "x", "rx", "rzz")}
"""The gates that compiled circuits consist of, with Qiskit's names for them."""
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

        Its parameters are those of the student before; where the layers were unfolded, the angles `theta` [L, P]
        are [1, L P], in the same order.
        """
        measured = range(len(self.final)) if student.measured is None else student.measured
        return student.clone(circuit=self.circuit, measured=tuple(self.final[qubit] for qubit in measured))


def compiled(
    device: Device, circuit: Circuit, *, layout: Sequence[int] | None = None, level: int = 2
) -> Compiled:
    """Returns the circuit in the basis of the device, the same unitary up to a phase and a permutation of qubits.

    Trained angles and features stay what they are, with factors and offsets. Layers stay layers if routing brings
    every qubit back in each of them; else they are unfolded into one, whose angles are those of all layers in order.

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
    pairs = set()
    for name in device.basis:
        if name not in NAMES.values() or name == "rzz":
            continue
        where = [at for at in device.gates.get(name, {}) if set(at) <= set(layout)]
        usable = [at for at in where if len(at) == 1 or np.isfinite(known[at])]
        pairs |= {at for at in usable if len(at) == 2}
        if usable:
            own = {tuple(places[qubit] for qubit in at): None for at in usable}
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
    symbols = {name: qiskit.circuit.Parameter(name) for name in _names(angles, features)}
    circuit = qiskit.QuantumCircuit(qubits)
    for gate in gates:
        _add(circuit, gate, symbols)
    options = {"initial_layout": list(range(qubits)), "seed_transpiler": SEED, "optimization_level": level}
    done = qiskit.transpile(circuit, target=target, **options)
    final = tuple(range(qubits)) if done.layout is None else tuple(done.layout.final_index_layout())
    ours = {theirs: name for name, theirs in NAMES.items()}
    listed = []
    for step in done.data:
        where = tuple(done.find_bit(qubit).index for qubit in step.qubits)
        listed += _read(ours[step.operation.name], where, step.operation.params)
    return tuple(listed), final


def _names(angles: int, features: int) -> list[str]:
    return [*(f"t{index}" for index in range(angles)), *(f"x{index}" for index in range(features))]


def _add(circuit: Any, gate: Gate, symbols: dict[str, Any]) -> None:
    """Adds a gate to a Qiskit circuit, with symbols for its trained angle and its features."""
    library = needed("qiskit.circuit.library")
    spec = GATES.get(gate.name)
    if spec is None or not (spec.is_rotation or _known(gate.name)):
        matrix = np.asarray(gate.matrix) if spec is None else spec.matrix
        circuit.append(library.UnitaryGate(matrix), gate.qubits[::-1])  # Qiskit's first qubit is the last bit
        return
    angle = _angle(gate, symbols) if spec.is_rotation else None
    if _known(gate.name):
        _append(circuit, gate.name, gate.qubits, angle)
        return
    assert not isinstance(spec.openqasm, str)
    for part in spec.openqasm:
        where = tuple(gate.qubits[place] for place in part.places)
        _append(circuit, part.name, where, _of_part(part, angle))


def _known(name: str) -> bool:
    return _THEIRS.get(name, name) in needed("qiskit.circuit.library").get_standard_gate_name_mapping()


def _append(circuit: Any, name: str, qubits: Sequence[int], angle: Any) -> None:
    kind = needed("qiskit.circuit.library").get_standard_gate_name_mapping()[_THEIRS.get(name, name)].base_class
    circuit.append(kind() if angle is None else kind(angle), qubits)


_THEIRS = {"cnot": "cx", "toffoli": "ccx"}


def _angle(gate: Gate, symbols: dict[str, Any]) -> Any:
    if gate.theta is None and gate.x is None:
        return gate.offset
    names = [f"t{gate.theta}"] if gate.theta is not None else [f"x{index}" for index in _features(gate)]
    return math.prod((symbols[name] for name in names[1:]), start=symbols[names[0]]) * gate.factor + gate.offset


def _features(gate: Gate) -> tuple[int, ...]:
    return gate.x if isinstance(gate.x, tuple) else (gate.x,)  # type: ignore[return-value]


def _of_part(part: Part, angle: Any) -> Any:
    return part.angle if part.factor is None or angle is None else angle * part.factor


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
        own = {"theta": indices[0]} if names[0][0] == "t" else {"x": indices[0] if len(indices) == 1 else tuple(indices)}
        yield Gate(name, where, **own, factor=factor, offset=0.0 if number else offset)


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
