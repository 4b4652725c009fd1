import doctest
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import jaxqkd

PACKAGE = Path(jaxqkd.__file__).parent
EXAMPLES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)

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


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_in_docstrings():
    assert len(EXAMPLES) >= 6
