import doctest

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from jaxqkd import resources
from jaxqkd.circuits import describe, hea
from jaxqkd.models import Linear, QuantumStudent
from jaxqkd.quantum.encodings import angle
from jaxqkd.reports import plots
from jaxqkd.reports.plots.pareto import on_front

KEY = jax.random.key(0)


def test_a_students_counts_are_its_circuits_and_its_encodings():
    student = QuantumStudent(hea(qubits=3, layers=2), classes=2, encoding=angle, measured=(0, 1))
    found = resources.count(KEY, student, jnp.full((5, 3), 0.3), error=0.05)
    known = describe(student.circuit)
    assert found[:-1] == (
        2 * 2 + 2,
        18,
        3 + sum(known.gates.values()),
        known.two_qubit_gates,
        1 + known.depth,
        400,
    )
    assert 0 < found.milliseconds < np.inf


def test_the_preparation_of_amplitudes_is_counted():
    student = QuantumStudent(hea(qubits=3, layers=1), classes=2)
    found = resources.count(KEY, student, jax.random.normal(KEY, (2, 8)))
    assert found.two_qubit_gates == 2**3 - 2 + 3
    assert found.shots == 10_000


def test_each_basis_takes_its_shots():
    student = QuantumStudent(hea(qubits=3, layers=1), classes=2, encoding=angle, readout=["ZZI", "XIX", "IZZ"])
    assert resources.count(KEY, student, jnp.full((5, 3), 0.3), error=0.1).shots == 2 * 100


def test_a_classical_model_has_no_gates():
    assert resources.count(KEY, Linear(classes=3), jnp.ones((4, 64)))[:-1] == (195, 0, 0, 0, 0, 0)


def test_the_table_is_as_documented():
    assert doctest.testmod(resources).failed == 0


@pytest.mark.parametrize("error", [0.0, -0.1, 1.5, np.nan])
def test_an_error_out_of_range_is_refused(error):
    with pytest.raises(ValueError, match="`error` must be"):
        resources.count(KEY, Linear(classes=3), jnp.ones((4, 2)), error=error)


def test_one_example_alone_is_refused():
    with pytest.raises(ValueError, match=r"`x` must have 2 axes"):
        resources.count(KEY, Linear(classes=3), jnp.ones(4))


def test_the_front_holds_what_nothing_beats_in_both():
    costs, scores = np.array([1, 2, 2, 3, 3, 1]), np.array([0.5, 0.7, 0.6, 0.7, 0.9, 0.5])
    np.testing.assert_array_equal(on_front(costs, scores), [True, True, False, False, True, True])


def test_the_figure_has_a_panel_for_each_cost_that_tells_students_apart():
    draws = np.random.default_rng(0).uniform(size=(3, 8))
    scores = xr.DataArray(draws, dims=("student", "seed"), coords={"student": ["a", "b", "c"]}, name="f1")
    costs = {name: {"gates": 2 * at, "shots": 100, "depth": 50.0**at} for at, name in enumerate("abc")}
    panels = plots.pareto(scores, costs).figure.axes
    assert [panel.get_title(loc="left") for panel in panels] == ["gates", "depth"]
    assert [panel.get_xscale() for panel in panels] == ["linear", "log"]
    places = [bar.lines[0].get_xydata()[0] for bar in panels[0].containers]
    np.testing.assert_allclose(places, [(2, draws[1].mean()), (4, draws[2].mean())])
    assert len(panels[1].containers) == 3
    with pytest.raises(ValueError, match="`costs` must name every student, but is without"):
        plots.pareto(scores, {"a": costs["a"], "b": costs["b"]})
    with pytest.raises(ValueError, match="`costs` must tell students apart"):
        plots.pareto(scores, {name: {"gates": 1} for name in "abc"})
