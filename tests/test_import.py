import doctest
import importlib
import inspect
import json
import subprocess
import sys

import pytest

import jaxqkd

PUBLIC = [
    "jaxqkd",
    *(
        f"jaxqkd.{name}"
        for name in ("circuits", "data", "losses", "metrics", "models", "sweeps", "training", "types")
    ),
    *(f"jaxqkd.{name}" for name in ("controls", "diagnostics", "export", "resources", "saving", "teachers")),
    *(
        f"jaxqkd.quantum.{name}"
        for name in ("encodings", "initializers", "mitigation", "noise.channels", "noise.model")
    ),
    *(f"jaxqkd.quantum.simulators.{name}" for name in ("statevector", "sampling", "monte_carlo")),
    "jaxqkd.quantum.simulators",
]
WITHIN = [
    *(f"jaxqkd.circuits.{name}" for name in ("ansatze", "drawing", "gates")),
    "jaxqkd.models.function",
    "jaxqkd.quantum.simulators.simulator",
]

REPORT = """
import json, os, sys
import jax, flax.linen, optax
jax.config.update("jax_enable_x64", X64)

def state():
    return [dict(os.environ), jax.config.jax_enable_x64]

before, loaded = state(), set(sys.modules)
import jaxqkd as jq
imported, new = state(), sorted(set(sys.modules) - loaded)
from jaxqkd.quantum.simulators.statevector.contraction import matrix
matrix([("ry", (0,))], 1, jax.numpy.zeros(1))
print(json.dumps([before, imported, state(), new, "tensorcircuit" in sys.modules]))
"""


@pytest.mark.parametrize("x64", [False, True])
def test_importing_changes_nothing_and_loads_nothing_heavy(x64):
    script = REPORT.replace("X64", str(x64))
    out = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    before, imported, computed, new, loaded = json.loads(out.stdout)
    assert before[1] == x64
    assert imported == before
    assert computed == before
    assert loaded
    heavy = ("tensorcircuit", "matplotlib", "xarray", "sklearn", "scipy.stats", "rich", "pandas", "tyro")
    assert [name for name in new if name.startswith(heavy)] == []
    assert [name for name in new if name.startswith("jaxqkd.")] != []


def _own(module):
    """The public functions and classes that a module, or a package of modules, defines."""
    members = inspect.getmembers(module, lambda value: inspect.isfunction(value) or inspect.isclass(value))
    return [
        (name, value)
        for name, value in members
        if not name.startswith("_") and value.__module__.startswith(module.__name__)
    ]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_exists_and_has_a_docstring(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for public in getattr(module, "__all__", []):
        assert getattr(module, public) is not None
    own = _own(module)
    methods = [
        (f"{owner}.{name}", method)
        for owner, value in own
        if inspect.isclass(value)
        for name, method in vars(value).items()
        if inspect.isfunction(method) and not name.startswith("_")
    ]
    assert own
    assert [name for name, value in own + methods if not inspect.getdoc(value)] == []


def test_all_names_what_the_package_offers_and_nothing_twice():
    assert len(set(jaxqkd.__all__)) == len(jaxqkd.__all__)
    assert {"fit", "label", "sweep", "grid", "Data", "Fit", "Model", "Loss", "Run"} <= set(jaxqkd.__all__)


@pytest.mark.parametrize("name", PUBLIC + WITHIN)
def test_the_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_some_examples_are_run():
    finder = doctest.DocTestFinder()
    modules = map(importlib.import_module, PUBLIC + WITHIN)
    assert sum(len(found.examples) for module in modules for found in finder.find(module)) >= 6
