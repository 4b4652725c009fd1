import copy
import json
import subprocess
import sys

import pytest

from jaxqkd import devices

CONF = {
    "backend_name": "ibm_small",
    "n_qubits": 3,
    "basis_gates": ["cz", "rz", "sx", "x"],
    "coupling_map": [[0, 1], [1, 0], [1, 2]],
}


def value(name, number, unit=""):
    return {"name": name, "value": number, "unit": unit}


def qubit(t1=100.0, t2=150.0, one_for_zero=0.01, zero_for_one=0.03):
    return [
        value("T1", t1, "us"),
        value("T2", t2, "µs"),
        value("readout_error", (one_for_zero + zero_for_one) / 2),
        value("prob_meas1_prep0", one_for_zero),
        value("prob_meas0_prep1", zero_for_one),
    ]


def gate(name, qubits, error, length):
    parameters = [value("gate_error", error), value("gate_length", length, "ns")]
    return {"gate": name, "qubits": qubits, "parameters": parameters}


PROPS = {
    "backend_name": "ibm_small",
    "last_update_date": "2025-02-26T15:16:25-05:00",
    "qubits": [qubit(), qubit(t2=250.0), qubit()],
    "gates": [
        *(gate(name, [at], error, length) for name, error, length in
          (("rz", 0, 0), ("sx", 1e-3, 32), ("x", 1e-3, 32)) for at in range(3)),
        gate("cz", [0, 1], 0.01, 68),
        gate("cz", [1, 0], 1.0, 68),
        gate("cz", [1, 2], 0.02, 84),
    ],
}  # fmt: skip


def written(folder, conf=CONF, props=PROPS):
    paths = folder / "conf.json", folder / "props.json"
    for path, content in zip(paths, (conf, props), strict=True):
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return paths


def changed(content, *keys, to):
    content = copy.deepcopy(content)
    *path, last = keys
    at = content
    for key in path:
        at = at[key]
    at[last] = to
    return content


def test_a_device_has_its_calibration_in_seconds(tmp_path):
    device = devices.read(*written(tmp_path))
    assert (device.name, device.date) == ("ibm_small", "2025-02-26T15:16:25-05:00")
    assert device.qubits[0] == devices.Qubit(
        pytest.approx(1e-4), pytest.approx(1.5e-4), 0.01, 0.03, pytest.approx(0.02)
    )
    assert device.gates["cz"][1, 2] == (0.02, pytest.approx(84e-9))
    assert device.coupling == ((0, 1), (1, 0), (1, 2))
    assert device.entangler == "cz"


def test_faults_are_reported_by_qubit_and_pair(tmp_path):
    faults = devices.read(*written(tmp_path)).faults
    assert [str(fault) for fault in faults] == [
        "qubit 1: T2 is 2.5 T1, more than twice T1",
        "pair (1, 0): cz error is 1",
    ]
    assert [fault.is_usable for fault in faults] == [True, False]


@pytest.mark.parametrize(
    ("props", "fault"),
    [
        (changed(PROPS, "qubits", 0, 0, "value", to=None), "qubit 0: T1 is missing"),
        (changed(PROPS, "qubits", 0, 0, "value", to=float("nan")), "qubit 0: T1 is missing"),
        (changed(PROPS, "qubits", 0, 0, "value", to=-1.0), "qubit 0: T1 is -1e-06 s"),
        (changed(PROPS, "qubits", 2, 3, "value", to=0.7), "qubit 2: readout P(1|0) is 0.7"),
        (changed(PROPS, "qubits", to=PROPS["qubits"][:2]), "qubit 2: qubit has no calibration"),
        (changed(PROPS, "qubits", 2, to=[value("operational", 0)]), "qubit 2: qubit has no calibration"),
        (changed(PROPS, "gates", 3, "parameters", to=[]), "qubit 0: sx error is missing"),
        (changed(PROPS, "gates", 3, "parameters", 1, "value", to=2e9), "qubit 0: sx length is 2 s"),
        (changed(PROPS, "gates", to=PROPS["gates"][1:]), "qubit 0: rz error is missing"),
        (changed(PROPS, "gates", to=PROPS["gates"][:-1]), "pair (1, 2): coupling has no gate with a calibration"),
    ],
)
def test_missing_and_absurd_entries_are_faults(tmp_path, props, fault):
    assert fault in map(str, devices.read(*written(tmp_path, props=props)).faults)


@pytest.mark.parametrize(
    ("conf", "props", "message"),
    [
        ("{", PROPS, "`conf` must be a JSON file"),
        ("[" * 100_000, PROPS, "`conf` must be a JSON file"),
        ("\0\1\2", PROPS, "`conf` must be a JSON file"),
        ("1" * 5000, PROPS, "`conf` must"),
        ("[]", PROPS, "`conf` must hold a JSON object, but is a list"),
        (PROPS, CONF, "an integer of 1 ... 10000 for `n_qubits`, but is None"),
        (changed(CONF, "n_qubits", to=True), PROPS, "an integer of 1 ... 10000 for `n_qubits`, but is True"),
        (changed(CONF, "n_qubits", to=10**12), PROPS, "an integer of 1 ... 10000"),
        (changed(CONF, "n_qubits", to=2), PROPS, "an integer of 0 ... 1 for `coupling_map`"),
        (changed(CONF, "basis_gates", to="cz"), PROPS, "a list for `basis_gates`"),
        (changed(CONF, "basis_gates", to=[1]), PROPS, "a text for `basis_gates`"),
        (changed(CONF, "coupling_map", 0, to=[0, 0]), PROPS, "distinct qubits for `coupling_map`"),
        (changed(CONF, "coupling_map", 0, to=[0]), PROPS, "a list of qubits for `coupling_map`"),
        (changed(CONF, "backend_name", to="ibm_other"), PROPS, "be of the device 'ibm_other' of `conf`"),
        (CONF, changed(PROPS, "qubits", 0, to=3), "a list of named values for `qubits`"),
        (CONF, changed(PROPS, "qubits", 0, 0, to="T1"), "an object for `qubits`"),
        (CONF, changed(PROPS, "qubits", 0, 0, "value", to="1"), "a number for `qubits: T1`"),
        (CONF, changed(PROPS, "qubits", 0, 0, "value", to=10**400), "a number of ordinary size"),
        (CONF, changed(PROPS, "qubits", 0, 0, "unit", to="days"), "one of the units"),
        (CONF, changed(PROPS, "qubits", 0, 0, "unit", to=["us"]), "one of the units"),
        (CONF, changed(PROPS, "gates", 0, "qubits", to=[7]), "an integer of 0 ... 2 for `gates: rz`"),
        (CONF, changed(PROPS, "gates", 0, "gate", to=None), "a text for `gates: gate`"),
        (CONF, changed(PROPS, "last_update_date", to=5), "a text for `last_update_date`"),
        (CONF, changed(PROPS, "qubits", to=[qubit()] * 4), "at most the 3 qubits of `conf`"),
    ],
)
def test_files_that_are_not_what_they_say_are_refused(tmp_path, conf, props, message):
    with pytest.raises(ValueError, match=r"^Argument `(conf|props)` must") as refusal:
        devices.read(*written(tmp_path, conf, props))
    assert message in str(refusal.value)
    assert len(str(refusal.value)) < 500


def test_files_that_are_not_there_or_huge_are_refused(tmp_path):
    conf, props = written(tmp_path)
    with pytest.raises(ValueError, match="`props` must be a file"):
        devices.read(conf, tmp_path / "none.json")
    with conf.open("wb") as stream:
        stream.truncate(2**26 + 1)
    with pytest.raises(ValueError, match="`conf` must have at most"):
        devices.read(conf, props)


def test_devices_that_ship_are_read_without_importing_qiskit():
    code = (
        "import sys; from jaxqkd import devices; names = devices.names();"
        "every = [devices.load(name) for name in names];"
        "print(len(every), all(device.date for device in every),"
        " [name for name in sys.modules if name.startswith('qiskit')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, dated, imported = done.stdout.split(maxsplit=2)
    assert int(count) >= 60
    assert (dated, imported.strip()) == ("True", "[]")


def test_an_unknown_device_is_refused_and_a_known_one_named():
    with pytest.raises(ValueError, match=r"`device` must be one of .*'fez'.*, but is 'fizz'"):
        devices.load("fizz")
    device = devices.load("fez")
    assert repr(device).startswith("Device(fez, 156 qubits, cz, calibrated 20")


def test_a_backend_of_qiskit_has_what_its_file_has():
    from tests.devices import aer

    device, own = devices.from_qiskit(aer.fake("manila")()), devices.load("manila")
    assert len(device.qubits) == len(own.qubits) == 5
    for found, expected in zip(device.qubits, own.qubits, strict=True):
        assert found[:2] == pytest.approx(expected[:2])
        assert found.readout_error == pytest.approx(expected.readout_error)
    for where, calibration in own.gates["cx"].items():
        assert device.gates["cx"][where] == pytest.approx(calibration)
    assert {"cx", "rz", "sx", "x"} <= set(device.basis)
    assert set(device.coupling) == set(own.coupling)
    assert str(own.date)[:10] in device.date


def test_what_is_no_backend_is_refused():
    with pytest.raises(ValueError, match="`backend` must be a Qiskit backend with a target, but is a str"):
        devices.from_qiskit("fez")
