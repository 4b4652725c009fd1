"""Devices from elsewhere: calibrations that ship with `qiskit-ibm-runtime`, files of a user, Qiskit's backends."""

import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jaxqkd import checks
from jaxqkd.devices.calibrations import Calibration, Device, Qubit
from jaxqkd.devices.entries import Source, json_object

PACKAGE = "qiskit_ibm_runtime"
MOST_QUBITS = 10_000


def names() -> tuple[str, ...]:
    """Returns the names of the devices whose calibrations ship with `qiskit-ibm-runtime`, sorted.

    Raises:
        ImportError: Without the extra `devices`.
    """
    return tuple(sorted(path.name for path in _folder().iterdir() if (path / f"props_{path.name}.json").is_file()))


def load(name: str) -> Device:
    """Returns a device by its name, as `names` lists it, such as "fez" or "sherbrooke".

    Its calibration is the one that the installed version of `qiskit-ibm-runtime` has, of the `date` of the device.
    Only files are read: neither Qiskit nor that package is imported.

    Raises:
        ImportError: Without the extra `devices`.
        ValueError: If there is no such device.
    """
    checks.one_of("device", name, names())
    folder = _folder() / name
    return _device(folder / f"conf_{name}.json", folder / f"props_{name}.json", name)


def read(conf: Path | str, props: Path | str) -> Device:
    """Returns a device from the JSON files of its configuration and its properties, as IBM writes them.

    Args:
        conf: The configuration: `backend_name`, `n_qubits`, `basis_gates`, `coupling_map`.
        props: The properties: `last_update_date`, `qubits`, `gates`.

    Raises:
        ValueError: If a file is not what it should be, or the two are not of one device. Entries that are merely
            missing or absurd are no errors here, but `Device.faults`.
    """
    return _device(Path(conf), Path(props), None)


def from_qiskit(backend: Any) -> Device:
    """Returns the device of a Qiskit backend that has a target.

    A target has one error of the readout for each qubit, which then stands for both. The date is that of the
    backend's properties if it has any, else "unknown".
    """
    target: Any = getattr(backend, "target", None)
    usable = getattr(target, "num_qubits", None) is not None
    cure = "Pass a backend such as qiskit.providers.fake_provider.GenericBackendV2(5), not its name."
    checks.require(usable, "backend", "be a Qiskit backend with a target", f"a {type(backend).__name__}", cure)
    properties, count = target.qubit_properties or [], target.num_qubits
    readout = _target_gates(target, "measure")
    qubits = []
    for number in range(count):
        own = properties[number] if number < len(properties) else None
        error = readout.get((number,), Calibration()).error
        qubits.append(Qubit(getattr(own, "t1", None), getattr(own, "t2", None), error, error, error))
    unitary = [name for name in target.operation_names if _acts_as_gate(target, name)]
    gates = {name: _target_gates(target, name) for name in unitary}
    pairs = sorted({where for name in unitary for where in gates[name] if len(where) == 2})
    reported = backend.properties() if hasattr(backend, "properties") else None
    date = str(getattr(reported, "last_update_date", "unknown"))
    return Device(str(backend.name), date, tuple(qubits), gates, tuple(unitary), tuple(pairs))


def _acts_as_gate(target: Any, name: str) -> bool:
    return hasattr(target.operation_from_name(name), "to_matrix") and len(target[name] or {}) > 0


def _target_gates(target: Any, name: str) -> dict[tuple[int, ...], Calibration]:
    entries = (target[name] or {}) if name in target else {}
    empty = Calibration()
    return {
        tuple(where): empty if entry is None else Calibration(entry.error, entry.duration)
        for where, entry in entries.items()
        if where is not None
    }


def _folder() -> Path:
    """Returns the folder of the calibrations, found without importing anything."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ImportError("Named devices need the package qiskit-ibm-runtime: pip install 'jaxqkd[devices]'")
    folder = Path(found.submodule_search_locations[0]) / "fake_provider" / "backends"
    if not folder.is_dir():
        raise ImportError(f"This version of qiskit-ibm-runtime has no calibrations in {folder}: upgrade it")
    return folder


def _device(conf: Path, props: Path, name: str | None) -> Device:
    configuration, properties = json_object("conf", conf), json_object("props", props)
    in_conf, in_props = Source("conf", conf), Source("props", props)
    count = in_conf.integer(configuration.get("n_qubits"), "n_qubits", 1, MOST_QUBITS)
    names = [
        at.text(entry.get("backend_name"), "backend_name")
        for at, entry in ((in_conf, configuration), (in_props, properties))
    ]
    checks.require(names[0] == names[1], "props", f"be of the device {names[0]!r} of `conf`", repr(names[1]))
    basis = tuple(in_conf.text(gate, "basis_gates") for gate in in_conf.listed(configuration, "basis_gates"))
    pairs = [] if configuration.get("coupling_map") is None else in_conf.listed(configuration, "coupling_map")
    coupling = tuple(in_conf.places(pair, "coupling_map", count, exactly=2) for pair in pairs)
    listed = in_props.listed(properties, "qubits")
    fits = len(listed) <= count
    checks.require(fits, "props", f"have at most the {count} qubits of `conf`", f"{len(listed)} qubits")
    qubits = [_qubit(in_props, entries) for entries in listed]
    qubits += [Qubit()] * (count - len(qubits))
    gates = _gates(in_props, in_props.listed(properties, "gates"), count)
    date = in_props.text(properties.get("last_update_date"), "last_update_date")
    return Device(name or names[0], date, tuple(qubits), gates, basis, coupling)  # type: ignore[arg-type]


def _parameters(source: Source, listed: object, entry: str) -> dict[str, dict[str, Any]]:
    """Returns the named parameters of a qubit or gate."""
    if not isinstance(listed, list):
        source.refuse(entry, "a list of named values", listed)
    found = [source.entry(parameter, entry) for parameter in listed]
    return {source.text(parameter.get("name"), entry): parameter for parameter in found}


def _qubit(source: Source, listed: object) -> Qubit:
    found = _parameters(source, listed, "qubits")
    if not _operates(source, found, "qubits"):
        return Qubit()

    def of(name: str, convert: Callable[[dict[str, Any], str], float | None]) -> float | None:
        return convert(found[name], f"qubits: {name}") if name in found else None

    error = of("readout_error", source.number)
    both = [of(name, source.number) for name in ("prob_meas1_prep0", "prob_meas0_prep1")]
    one_for_zero, zero_for_one = (error if value is None else value for value in both)
    return Qubit(of("T1", source.seconds), of("T2", source.seconds), one_for_zero, zero_for_one, error)


def _gates(source: Source, listed: Iterable[object], count: int) -> dict[str, dict[tuple[int, ...], Calibration]]:
    gates: dict[str, dict[tuple[int, ...], Calibration]] = {}
    for item in listed:
        gate = source.entry(item, "gates")
        name = source.text(gate.get("gate"), "gates: gate")
        if name in ("reset", "measure", "reset_2", "measure_2", "delay"):
            continue
        where = source.places(gate.get("qubits"), f"gates: {name}", count)
        found = _parameters(source, gate.get("parameters"), f"gates: {name}")
        known = _operates(source, found, f"gates: {name}")
        error = source.number(found["gate_error"], f"gates: {name}") if known and "gate_error" in found else None
        length = source.seconds(found["gate_length"], f"gates: {name}") if "gate_length" in found else None
        gates.setdefault(name, {})[where] = Calibration(error, length)
    return gates


def _operates(source: Source, found: dict[str, dict[str, Any]], entry: str) -> bool:
    """Returns whether a qubit or gate is not said to be out of order."""
    return "operational" not in found or bool(source.number(found["operational"], entry))
