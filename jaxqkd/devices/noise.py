"""The noise of a compiled circuit on a device, made of the device's calibration.

After each gate comes depolarizing noise, then thermal relaxation of its qubits during the gate. The former is as
strong as it takes for both together to have the gate's reported error, 1 minus the average fidelity; where
relaxation alone has more, there is none. Aer's `NoiseModel.from_backend` does the same.
"""

import warnings
from collections.abc import Iterator, Sequence

import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Gate
from jaxqkd.devices.calibrations import Calibration, Device, Fault, Qubit
from jaxqkd.devices.compilation import NAMES, Compiled
from jaxqkd.devices.timing import waits
from jaxqkd.quantum.noise import Idle, NoiseModel
from jaxqkd.quantum.noise.channels import Channel

READOUTS = ("both", "mean", "none")


def noise_of(device: Device, compiled: Compiled, *, readout: str = "both", idle: str | None = None) -> NoiseModel:
    """Returns the noise of a compiled circuit, as the device's calibration has it.

    It is a best case of the device: calibrations know nothing of crosstalk, leakage, drift or errors that add up
    coherently.

    Args:
        device: The device.
        compiled: The circuit, compiled for it.
        readout: "both" for the two errors of each qubit's readout; "mean" for their mean in both directions, as
            backends of Qiskit, and so Aer, have it; "none" for a readout without errors.
        idle: None for relaxation during gates alone; "asap" or "alap" for relaxation of waiting qubits, too, where
            every gate of a layer begins as soon, or as late, as it can. All qubits wait for the end of a layer.

    Raises:
        ValueError: If an entry of the calibration that the circuit meets is missing or absurd.
    """
    checks.one_of("readout", readout, READOUTS)
    checks.one_of("idle", idle, (None, "asap", "alap"))
    _check_faults(device, compiled, readout)
    used = _used(compiled)
    gates = {name: _after(device, compiled, name, sorted(places)) for name, places in used.items()}
    return NoiseModel(
        confusion=_confusion([device.qubits[at] for at in compiled.layout], readout),
        gates=gates,
        idle=() if idle is None else [_idle(device, compiled, idle)],
    )


def depolarizing_strength(error: float, fidelity: float, qubits: int) -> float:
    """Returns the probability p of depolarizing that lowers an average fidelity to 1 - error; 0 if it is lower.

    Depolarizing of probability p takes an average fidelity F to (1 - p) F + p / 2^k.
    """
    size = 2**qubits
    return max(0.0, (fidelity - 1 + error) / (fidelity - 1 / size))


def relaxation(qubit: Qubit, time: float) -> np.ndarray:
    """Returns the Pauli transfer matrix [4, 4] of relaxation during a time; T2 counts as 2 T1 at most."""
    assert qubit.t1 is not None
    assert qubit.t2 is not None
    decay, coherence = np.exp(-time / qubit.t1), np.exp(-time / min(qubit.t2, 2 * qubit.t1))
    matrix = np.diag([1.0, coherence, coherence, decay])
    matrix[3, 0] = 1 - decay
    return matrix


def _channel(device: Device, calibration: Calibration, where: Sequence[int]) -> np.ndarray:
    """Returns the Pauli transfer matrix [4^k, 4^k] of what follows a gate."""
    assert calibration.error is not None
    assert calibration.length is not None
    matrix, size = np.ones((1, 1)), 2 ** len(where)
    for qubit in where:
        matrix = np.kron(matrix, relaxation(device.qubits[qubit], calibration.length))
    fidelity = (np.trace(matrix) / size + 1) / (size + 1)
    p = depolarizing_strength(calibration.error, fidelity, len(where))
    return matrix @ np.diag([1.0] + [1 - p] * (size**2 - 1))


def _used(compiled: Compiled) -> dict[str, set[tuple[int, ...]]]:
    """Returns the qubits of the compiled circuit that each gate acts on, by its name."""
    used: dict[str, set[tuple[int, ...]]] = {}
    for gate in (*compiled.circuit.prefix, *compiled.circuit.gates):
        used.setdefault(gate.name, set()).add(gate.qubits)
    return used


def _after(
    device: Device, compiled: Compiled, name: str, places: Sequence[tuple[int, ...]]
) -> Channel | tuple[()]:
    """Returns the channels that follow a gate: a row for each qubit, or for each pair; none for a virtual gate."""
    calibrations = [device.gates[NAMES[name]][_at(compiled, where)] for where in places]
    if not any(error or length for error, length in calibrations):
        return ()
    matrices = [
        _channel(device, own, _at(compiled, where)) for own, where in zip(calibrations, places, strict=True)
    ]
    if len(places[0]) > 1:
        pairs = tuple((first, second) for first, second in places)
        return Channel(jnp.asarray(np.stack(matrices), float), "transfer", 2, pairs)
    rows = np.stack([np.eye(4)] * compiled.circuit.qubits)
    rows[[where[0] for where in places]] = matrices
    return Channel(jnp.asarray(rows, float), "transfer")


def _at(compiled: Compiled, qubits: Sequence[int]) -> tuple[int, ...]:
    return tuple(compiled.layout[qubit] for qubit in qubits)


def _confusion(qubits: Sequence[Qubit], readout: str) -> jnp.ndarray | None:
    if readout == "none":
        return None
    errors = [
        (qubit.one_for_zero, qubit.zero_for_one) if readout == "both" else (qubit.readout_error,) * 2
        for qubit in qubits
    ]
    return jnp.asarray([[[1 - one, one], [zero, 1 - zero]] for one, zero in errors], float)  # type: ignore


def _idle(device: Device, compiled: Compiled, kind: str) -> Idle:
    """Returns the relaxation of waiting qubits."""

    def length(gate: Gate) -> float:
        own = device.gates[NAMES[gate.name]][_at(compiled, gate.qubits)].length
        assert own is not None
        return own

    circuit = compiled.circuit
    places, rows = [], []
    for part, gates in (("prefix", circuit.prefix), ("layer", circuit.gates)):
        for before, qubit, time in waits(gates, [*map(length, gates)], circuit.qubits, latest=kind == "alap"):
            places.append((part, before, qubit))
            rows.append(relaxation(device.qubits[compiled.layout[qubit]], time))
    values = np.stack(rows) if rows else np.zeros((0, 4, 4))
    return Idle(Channel(jnp.asarray(values, float), "transfer"), tuple(places))


def _check_faults(device: Device, compiled: Compiled, readout: str) -> None:
    """Refuses missing and absurd entries that the circuit meets, and warns of those that can be used."""
    met = list(_met(device, compiled, readout))
    refused = [str(fault) for fault in met if not fault.is_usable]
    cure = "Let device.layout(circuit) choose qubits without faults; device.faults lists them all."
    checks.require(not refused, "device", "be calibrated where the circuit acts", "; ".join(refused[:5]), cure)
    if met:
        text = "; ".join(map(str, met))
        warnings.warn(f"{device.name}, {text}. Twice T1 is used for T2 there.", UserWarning, stacklevel=4)


def _met(device: Device, compiled: Compiled, readout: str) -> Iterator[Fault]:
    acting = {(NAMES[name], _at(compiled, where)) for name, places in _used(compiled).items() for where in places}
    for fault in device.faults:
        entry = fault.entry.split()[0]
        is_read = entry != "readout" or readout != "none"
        of_qubit = entry in ("T1", "T2", "readout", "qubit") and fault.qubits[0] in compiled.layout and is_read
        if of_qubit or (entry, fault.qubits) in acting:
            yield fault
    for name, where in sorted(acting):
        if where not in device.gates.get(name, {}):
            yield Fault(where, f"{name} error", "is missing")
