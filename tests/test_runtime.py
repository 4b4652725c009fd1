"""Cores and the compile cache, each in a fresh process, since JAX fixes both when it starts."""

import os
import stat
import subprocess
import sys

import pytest

import jaxqkd as jq

PROGRAM = """
import sys, time
import jax, jax.numpy as jnp
import jaxqkd as jq
{before}
student = jq.models.QuantumStudent(jq.circuits.hea(qubits=3, layers=2), classes=2)
keys = jax.random.split(jax.random.key(0), 4)
found = jq.sweep(lambda key, hparams: student.apply(student.init(key, jnp.ones((1, 8))), jnp.ones((3, 8))), keys)
print(jax.local_device_count("cpu"), found.tobytes().hex() if hasattr(found, "tobytes") else bytes(found).hex())
"""


def python(text, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", text],
        capture_output=True,
        text=True,
        env={**os.environ, "XLA_FLAGS": "", **environment},
        timeout=120,
    )


def test_all_cores_become_devices_and_a_late_call_is_refused():
    cores = max(2, len(os.sched_getaffinity(0)))
    assert python("import jax, jaxqkd as jq; jq.use_all_cores(); print(jax.device_count())").stdout == f"{cores}\n"
    twice = "import jax, jaxqkd as jq; jq.use_all_cores(); jax.devices(); jq.use_all_cores()"
    assert python(twice).returncode == 0
    more = f"jax.config.update('jax_num_cpu_devices', {cores + 1})"
    late = f"import jax, jaxqkd as jq; {more}; jax.devices(); jq.use_all_cores()"
    message = python(late).stderr.splitlines()[-1]
    assert f"XLA has started already, with {cores + 1} CPU devices, not {cores}." in message


@pytest.mark.slow
def test_programs_come_from_the_cache_with_the_same_bits(tmp_path):
    text = PROGRAM.format(before="jq.use_compile_cache()")
    cache = tmp_path / "jaxqkd"
    first = python(text, XDG_CACHE_HOME=str(tmp_path))
    assert first.returncode == 0, first.stderr
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    kept = {path.name for path in cache.iterdir() if "every_lane" in path.name and path.name.endswith("-cache")}
    assert len(kept) == 1
    second = python(text, XDG_CACHE_HOME=str(tmp_path))
    assert second.stdout == first.stdout
    assert {path.name for path in cache.iterdir() if path.name.endswith("-cache")} >= kept
    without = python(PROGRAM.format(before=""), XDG_CACHE_HOME=str(tmp_path / "unused"))
    assert without.stdout == first.stdout
    assert not (tmp_path / "unused").exists()


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_cache_that_others_may_write_to_is_refused(tmp_path, mode):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(mode)
    with pytest.raises(ValueError, match="`directory` must be its user's alone"):
        jq.use_compile_cache(shared)
