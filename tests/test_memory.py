"""Memory: estimates against XLA's own figures, and refusals that come before any array."""

import sys
import time

import jax
import jax.numpy as jnp
import optax
import pytest

import jaxqkd as jq
from jaxqkd import memory
from jaxqkd.sweeps import compilation


@pytest.mark.parametrize(("qubits", "examples", "batch_size"), [(6, 800, None), (6, 400, 32), (8, 20, None)])
@pytest.mark.slow
def test_the_estimate_is_near_what_xla_takes(qubits, examples, batch_size):
    x = jax.random.normal(jax.random.key(0), (examples, 2**qubits))
    data = jq.Data(x, jnp.zeros(examples, int), jnp.zeros((examples, 3)))
    student = jq.models.QuantumStudent(jq.circuits.hea(qubits=qubits, layers=3), classes=3)

    def run(key):
        loss = jq.losses.kd(2.0, 0.5)
        return jq.fit(key, student, data, loss, optax.adam(0.1), epochs=3, batch_size=batch_size).params

    keys = jax.random.split(jax.random.key(1), 4)
    estimate = memory.peak(jax.make_jaxpr(run)(keys[0]).jaxpr)
    taken = jax.jit(jax.vmap(run)).lower(keys).compile().memory_analysis().temp_size_in_bytes / len(keys)
    assert taken / 1.5 < estimate < 1.5 * taken


def test_the_peak_of_a_chain_is_two_arrays_and_of_kept_ones_all():
    x = jnp.zeros(1000)

    def chain(x):
        return jnp.sin(jnp.sin(jnp.sin(x)))

    def kept(x):
        parts = [jnp.sin(x), jnp.cos(x), jnp.exp(x)]
        return sum(parts[1:], start=parts[0])

    assert memory.peak(jax.make_jaxpr(chain)(x).jaxpr) == 2 * x.nbytes
    assert memory.peak(jax.make_jaxpr(kept)(x).jaxpr) == 4 * x.nbytes
    looped = jax.make_jaxpr(lambda x: jax.lax.fori_loop(0, 9, lambda _, y: chain(y), x))(x)
    assert 2 * x.nbytes <= memory.peak(looped.jaxpr) <= 3 * x.nbytes + 100


def test_available_memory_is_the_least_of_the_machine_and_the_container(monkeypatch, tmp_path):
    limit, word = tmp_path / "limit", tmp_path / "word"
    limit.write_text("12345\n")
    word.write_text("max\n")
    monkeypatch.setattr(memory, "CGROUP_LIMITS", (str(word), str(tmp_path / "missing")))
    whole = memory.available(jax.devices())
    assert whole > 2**28
    monkeypatch.setattr(memory, "CGROUP_LIMITS", (str(word), str(limit)))
    assert memory.available(jax.devices()) == 12345


class Accelerator:
    """A device by its figures alone."""

    platform = "gpu"

    def __init__(self, figures):
        self.memory_stats = lambda: figures


@pytest.mark.parametrize(
    ("figures", "available", "capacity"),
    [
        ([{"bytes_limit": 100, "bytes_in_use": 30}], 70, 100),
        ([{"bytes_limit": 100}], 100, 100),
        ([{"bytes_limit": 100, "bytes_in_use": 120}], 0, 100),
        ([{"bytes_limit": 100, "bytes_in_use": 90}, {"bytes_limit": 80, "bytes_in_use": 0}], 20, 80),
        ([{"bytes_limit": 100, "bytes_in_use": 10}] * 3, 270, 100),
        ([None, {"bytes_limit": 100, "bytes_in_use": 40}], 120, 100),
        ([None], sys.maxsize, sys.maxsize),
        ([{}], sys.maxsize, sys.maxsize),
    ],
)
def test_the_fullest_accelerator_decides_what_is_available(figures, available, capacity):
    devices = [Accelerator(own) for own in figures]
    assert memory.available(devices) == available
    assert memory.capacity(devices) == capacity


def test_the_default_device_is_the_one_that_is_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(memory, "available", lambda devices: asked.append(list(devices)) or 2**40)
    memory.check_states(2, 1)
    with jax.default_device(jax.devices()[1]):
        memory.check_states(2, 1)
        memory.check_vectors(2, 1, 1)
    with jax.default_device("cpu"):
        memory.check_vectors(2, 1, 1)
    first, second = jax.devices()[:2]
    assert asked == [[first], [second], [second], [first]]


def test_a_sweep_asks_its_own_devices(monkeypatch):
    asked = []
    monkeypatch.setattr(memory, "available", lambda devices: asked.append(list(devices)) or 2**40)

    def run(key, hparams):
        memory.check_states(2, 1)
        return square(key, hparams)

    devices = jax.devices()[2:4]
    jq.sweep(run, jax.random.split(jax.random.key(0), 8), chunk=2, devices=devices)
    assert asked == [devices[:1], devices]


@pytest.mark.parametrize(("room", "width"), [(10, 2), (100, 12), (10**6, 64), (10**9, 64)])
def test_the_default_chunk_of_an_accelerator_keeps_to_half_of_its_memory_whatever_is_in_use(room, width):
    size = 4
    devices = [Accelerator({"bytes_limit": room, "bytes_in_use": used}) for used in (0, room // 2)]
    assert compilation._default_width(64, size, devices) == width
    assert compilation._default_width(10**4, size, devices) == min(max(2, room // 2 // size), 128)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536 * 2**20, "1.5 GiB"),
        (2**44, "16 TiB"),
        (2**75, "3.28e+04 EiB"),
    ],
)
def test_bytes_are_readable(size, text):
    assert memory.readable(size) == text.replace("1023", f"{1023:.3g}")


def test_forty_qubits_are_refused_in_a_second_with_what_fits(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda devices: 16 * 2**30)
    encoding = jq.quantum.encodings.angle
    student = jq.models.QuantumStudent(jq.circuits.hea(qubits=40, layers=1), classes=2, encoding=encoding)
    start = time.monotonic()
    with pytest.raises(
        ValueError, match=r"in the 16 GiB of memory, but is a batch of 1 for 40 qubits, which takes 16 TiB"
    ):
        student.init(jax.random.key(0), jnp.ones((1, 40)))
    assert time.monotonic() - start < 5
    with pytest.raises(ValueError, match=r"What fits is 30 qubits"):
        student.init(jax.random.key(0), jnp.ones((1, 40)))
    with pytest.raises(ValueError, match=r"What fits is a batch of 1024 or 19 qubits"):
        memory.check_states(20, 1025)
    memory.check_states(20, 1024)


def square(key, hparams):
    x = jax.random.normal(key, (64, 64))
    return (x @ x).sum()


def test_a_sweep_too_large_for_memory_is_refused_with_the_chunk_that_fits(monkeypatch):
    keys = jax.random.split(jax.random.key(0), 64)
    size = memory.peak(jax.make_jaxpr(lambda key: square(key, {}))(keys[0]).jaxpr)
    monkeypatch.setattr(memory, "available", lambda devices: 10 * size)
    devices = jax.devices()[:2]
    with pytest.raises(ValueError, match=r"is 6 on each of 2 devices: .* a run\. chunk=5 fits\."):
        jq.sweep(square, keys, chunk=6, devices=devices)
    assert jq.sweep(square, keys, chunk=5, devices=devices).shape == (64,)
    monkeypatch.setattr(memory, "available", lambda devices: 3 * size)
    with pytest.raises(ValueError, match=r"Use smaller batches or fewer devices, qubits or layers"):
        jq.sweep(square, keys, devices=devices)


@pytest.mark.parametrize(("side", "chunk"), [(8, 8), (128, 5), (1024, 2)])
def test_the_default_chunk_keeps_to_the_cache(side, chunk):
    def run(key, hparams):
        return jnp.sin(jax.random.uniform(key) + jnp.zeros((side, side))).sum()

    keys = jax.random.split(jax.random.key(0), 40)
    widths = []
    original = jax.lax.map
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            jax.lax,
            "map",
            lambda *args, batch_size: widths.append(batch_size) or original(*args, batch_size=batch_size),
        )
        jq.sweep(run, keys)
    assert abs(widths[0] - chunk) <= 3
    assert 2 <= widths[0] <= 8
