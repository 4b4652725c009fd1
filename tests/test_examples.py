import importlib.util
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import jaxqkd as jq

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PAGES = sorted((ROOT / "docs").glob("*.md"))


def _load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _draws(figure, panels):
    """Asserts that the figure has so many panels with labeled axes, and that it can be drawn."""
    assert isinstance(figure, Figure)
    assert len([axes for axes in figure.axes if axes.get_label() != "<colorbar>"]) == panels
    figure.canvas.draw()


def _in_unit(*arrays):
    assert all(np.all((np.asarray(values) >= 0) & (np.asarray(values) <= 1)) for values in arrays)


@pytest.mark.slow
def test_distil_one_student_gives_paired_curves():
    example = _load("distil_one_student")
    results = example.run(bits=16, count=80, layers=2, epochs=3, seeds=2, alpha=0.5)
    assert results["curve"].shape == (2, 2, 3)
    assert results["test_f1"].shape == (2, 2)
    assert results["parameters"] == 3 * 4 * 2 + 4 * 3 + 3
    _in_unit(results["curve"], results["test_f1"], results["teacher_f1"])
    _draws(example.plot(results), panels=1)


@pytest.mark.slow
def test_initializations_gives_every_seed_of_every_initializer():
    example = _load("initializations")
    results = example.run(count=40, layers=1, epochs=2, seeds=4)
    assert results.keys() == example.INITIALISERS.keys()
    assert all(scores.shape == (4,) for scores in results.values())
    _in_unit(*results.values())
    _draws(example.plot(results), panels=len(results))


def test_failed_is_the_share_below_the_margin():
    failed = _load("initializations").failed
    assert failed([0.1, 0.8, 0.9, 0.7], margin=0.8) == 0.5
    assert failed([0.8, 0.9], margin=0.8) == 0


@pytest.mark.slow
def test_temperature_and_alpha_gives_gains_paired_by_seed():
    example = _load("temperature_and_alpha")
    results = example.run(few=12, many=40, tests=30, epochs=2, seeds=3, temperatures=(1, 4), alphas=(0.5, 0.9, 1))
    f1 = results["f1"]
    assert f1.shape == (2, 4, 3)
    np.testing.assert_array_equal(f1[0, 0], f1[1, 0])  # without a soft term the temperature does nothing
    np.testing.assert_allclose(results["gain"], (f1[:, 1:] - f1[:, :1]).mean(axis=-1), atol=1e-6)
    assert results["win_rate"].shape == results["p"].shape == (2, 3)
    _in_unit(f1, results["win_rate"], results["p"], results["teacher_f1"])
    _draws(example.plot(results), panels=1)


@pytest.mark.slow
def test_own_model_and_circuit_trains_both():
    example = _load("own_model_and_circuit")
    results = example.run(qubits=3, layers=1, frequencies=2, few=12, count=80, epochs=2, seeds=2)
    assert {name: scores.shape for name, scores in results["f1"].items()} == {
        "own model": (2, 2),
        "own circuit": (2, 2),
    }
    _in_unit(*results["f1"].values())
    _draws(example.plot(results), panels=2)


def test_the_own_circuit_is_a_brickwork():
    circuit = _load("own_model_and_circuit").brickwork(qubits=5, layers=2)
    assert [gate.qubits for gate in circuit.gates if gate.name == "crx"] == [(0, 1), (2, 3), (1, 2), (3, 4)]
    assert circuit.shape == (2, 5 + 4)
    assert jq.circuits.describe(circuit).parameters == 18


@pytest.mark.slow
def test_the_durable_study_goes_on_and_is_drawn(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    example = importlib.import_module("durable_study")
    results = example.run(tmp_path, seeds=3, epochs=2)
    assert dict(results.sizes) == {"student": 2, "temperature": 3, "alpha": 3, "seed": 3, "epoch": 2}
    assert example.run(tmp_path, seeds=3, epochs=2).identical(results)
    _in_unit(results.f1_macro)
    _draws(example.plot(results), panels=2)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_fits_on_a_page_and_has_the_three_functions(path):
    module = _load(path.stem)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 100
    assert all(getattr(module, name).__doc__ for name in ("run", "plot", "main"))
    assert module.__doc__


def test_all_python_of_the_pages_is_run_by_the_build_of_the_documentation():
    pages = {path.stem: path.read_text(encoding="utf-8") for path in PAGES}
    assert [name for name, text in pages.items() if "```python" in text] == []
    executed = {name for name, text in pages.items() if "```{code-cell}" in text}
    assert {"quickstart", "five-words", "extending"} <= executed
    assert all("kernelspec:" in pages[name] for name in executed)
