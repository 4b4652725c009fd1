"""Laws of `steps` and `describe` on circuits that hypothesis makes up; all on the host."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxqkd.circuits import GATES, Circuit, Gate, describe
from jaxqkd.quantum.simulators.statevector.lowering import BLOCK_QUBITS, Local, Permutation, steps
from tests import reference

QUBITS = 4


@st.composite
def gate_lists(draw, names=tuple(GATES)):
    gates, angles = [], 0
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=12)):
        spec = GATES[name]
        qubits = tuple(draw(st.permutations(range(QUBITS)))[: spec.qubits])
        gates.append(Gate(name, qubits, theta=angles if spec.is_rotation else None))
        angles += spec.is_rotation
    return tuple(gates)


@settings(deadline=None)
@given(gate_lists(names=tuple(name for name, spec in GATES.items() if spec.kind == "permutation")))
def test_permuting_gates_become_one_gather_with_their_effect(gates):
    (step,) = steps(gates, QUBITS)
    assert isinstance(step, Permutation)
    unitary = reference.unitary(Circuit(QUBITS, 1, gates), np.zeros((1, 0)))
    np.testing.assert_array_equal(np.eye(2**QUBITS)[step.source], unitary.real)


@settings(deadline=None)
@given(gate_lists())
def test_steps_hold_every_gate_once_and_windows_are_narrow(gates):
    found = steps(gates, QUBITS)
    used = [np.ravel(pattern.angles) for step in found if isinstance(step, Local) for pattern in step.patterns]
    used += [step.angles for step in found if not isinstance(step, Local | Permutation)]
    angles = sorted(gate.theta for gate in gates if gate.theta is not None)
    assert sorted(np.concatenate([*used, []]).tolist()) == angles
    for step in found:
        if isinstance(step, Local):
            assert all(len(window) <= BLOCK_QUBITS for window in step.windows)
            touched = {qubit for pattern in step.patterns for qubit in pattern.qubits}
            assert touched <= {qubit for window in step.windows for qubit in window}


@settings(deadline=None)
@given(gate_lists(), st.integers(1, 3))
def test_a_description_counts_every_gate_and_draws_every_wire(gates, layers):
    found = describe(Circuit(QUBITS, layers, gates))
    assert sum(found.gates.values()) == layers * len(gates)
    assert found.depth <= layers * len(gates)
    assert found.depth >= max(layers * sum(q in gate.qubits for gate in gates) for q in range(QUBITS))
    lines = found.drawing.splitlines()
    assert len(lines) == QUBITS
    assert len({line.rindex("║") for line in lines}) == 1
    for gate in gates:
        if gate.theta is not None:
            assert f"(t{gate.theta})" in found.drawing
