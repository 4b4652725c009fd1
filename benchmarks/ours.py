"""jaxqkd's own implementation of a work, through its public functions only.

Its import gives XLA all cores, which has to come before any computation.
"""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.traverse_util import flatten_dict, unflatten_dict

import jaxqkd as jq
from benchmarks.work import CLASSES, DEPOLARISING, LEARNING_RATE, Implementation, Start, Work, examples, starts

jq.use_all_cores()

PATHS = {
    "theta": ("params", "theta"),
    "matrix": ("params", "matrix"),
    "kernel": ("params", "head", "kernel"),
    "bias": ("params", "head", "bias"),
    "input_kernel": ("params", "input", "kernel"),
    "input_bias": ("params", "input", "bias"),
}
"""Where a model of flax keeps the parameters of a start."""


def implementation(work: Work) -> Implementation:
    """Returns jaxqkd's implementation of the work."""
    return training(student(work), data(work), work)


def student(work: Work) -> jq.models.QuantumStudent:
    """Returns the work's student."""
    circuit = jq.circuits.hea(qubits=work.qubits, layers=work.layers)
    encodings = {
        "amplitude": jq.quantum.encodings.amplitude,
        "angle": jq.quantum.encodings.angle,
        "reuploading": jq.quantum.encodings.zero,
    }
    if work.encoding == "reuploading":
        circuit = jq.circuits.reuploading(circuit, features=work.qubits)
    width = work.qubits if work.has_input else None
    encoding = encodings[work.encoding]
    return jq.models.QuantumStudent(circuit, CLASSES, encoding, input_width=width, noise=_noise(work))


def data(work: Work) -> jq.Data:
    """Returns the work's examples as jaxqkd takes them."""
    drawn = examples(work)
    return jq.Data(jnp.asarray(drawn.x), jnp.asarray(drawn.labels), jnp.asarray(drawn.teacher))


def training(model: jq.Model, data: jq.Data, work: Work, *, chunk: int | None = None) -> Implementation:
    """Returns the implementation of a work by any model: a sweep of fits on all cores, or one fit for one seed.

    Args:
        model: The model.
        data: The examples.
        work: The work.
        chunk: Runs side by side on a core, or None for the default of `jaxqkd.sweep`.
    """

    @jax.jit
    @jax.value_and_grad
    def value_and_gradient(params: Any) -> jax.Array:
        return jnp.mean(_loss(len(data.x))(model.apply(params, data.x), data.teacher, data.labels))

    def gradient(start: Start) -> tuple[float, Start]:
        value, slope = value_and_gradient(_params(start))
        flat = flatten_dict(slope)
        return float(value), {name: np.asarray(flat[PATHS[name]]) for name in start}

    programs: dict[tuple[int, int], Callable[[Any], Any]] = {}

    def train(starts: Start, epochs: int) -> None:
        seeds = _seeds(starts)
        sizes = len(seeds[0]), epochs
        if sizes not in programs:
            run = _run(model, data, work, epochs=epochs)
            programs[sizes] = jax.jit(_alone(run)) if sizes[0] == 1 else jq.compile_sweep(run, seeds, chunk=chunk)
        jax.block_until_ready(programs[sizes](seeds))

    return Implementation(gradient, train)


def compile_seconds(work: Work, seeds: int, epochs: int, cache: str | None) -> float:
    """Returns the seconds that `jaxqkd.compile_sweep` takes for a training with validation data.

    What any program needs once has been done before: the imports, and XLA's start.

    Args:
        work: The work.
        seeds: Number of seeds.
        epochs: Number of epochs.
        cache: Directory of JAX's persistent cache, or None for no such cache.
    """
    import tensorcircuit  # noqa: F401 - jaxqkd imports it when it first contracts a circuit

    if cache is not None:
        jax.config.update("jax_compilation_cache_dir", cache)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    held_out = data(work._replace(examples=max(1, work.examples // 8)))
    run = _run(student(work), data(work), work, epochs=epochs, validation=held_out)
    first = _seeds(starts(work, seeds))
    jax.block_until_ready(jax.jit(jnp.sin)(1.0))
    begin = time.perf_counter()
    jq.compile_sweep(run, first)
    return time.perf_counter() - begin


def _run(model: jq.Model, data: jq.Data, work: Work, **options: Any) -> jq.Run:
    """Returns a run of a sweep, whose seed is a key and the first parameters."""
    loss, optimizer = _loss(work.batch_size or len(data.x)), optax.adam(LEARNING_RATE)

    def run(seed: Any, _: Any) -> Any:
        key, params = seed
        out = jq.fit(key, model, data, loss, optimizer, batch_size=work.batch_size, params=params, **options)
        return out.params, out.history["loss"]

    return run


def _loss(examples: int) -> jq.Loss:
    """Returns the cross-entropy plus the divergence from the teacher, whose mean over a batch is its sum."""
    return jq.losses.mix((1.0, jq.losses.hard()), (examples, jq.losses.soft()))


def _alone(run: jq.Run) -> Callable[[Any], Any]:
    """Returns the run of the first seed alone, without a sweep, which pads to two."""
    return lambda seeds: run(jax.tree.map(lambda leaf: leaf[0], seeds), {})


def _noise(work: Work) -> jq.quantum.NoiseModel | None:
    if work.noise == "pairs":
        return _noise_by_pair(work)
    one, two = (jq.quantum.channels.depolarizing(DEPOLARISING, qubits=qubits) for qubits in (1, 2))
    if work.noise == "gates":
        return jq.quantum.NoiseModel(one_qubit_gates=one, two_qubit_gates=two)
    return jq.quantum.NoiseModel(layers=one) if work.noise else None


def _noise_by_pair(work: Work) -> jq.quantum.NoiseModel:
    """Returns depolarizing noise and relaxation after every gate, as devices have them: no two qubits alike."""
    channels = jq.quantum.channels
    t1 = np.linspace(100.0, 300.0, work.qubits)
    one = channels.compose(channels.depolarizing(DEPOLARISING / 10), channels.thermal_relaxation(t1, t1, 0.05))
    pairs = {}
    for qubit in range(work.qubits):
        other = (qubit + 1) % work.qubits
        relaxed = [channels.thermal_relaxation(t1[at], t1[at], 0.5) for at in (qubit, other)]
        lost = channels.depolarizing(DEPOLARISING * (1 + qubit) / work.qubits, qubits=2)
        pairs[qubit, other] = channels.compose(lost, channels.tensor(*relaxed))
    return jq.quantum.NoiseModel(one_qubit_gates=one, two_qubit_gates=channels.per_pair(pairs))


def _seeds(starts: Start) -> tuple[jax.Array, Any]:
    """Returns keys and first parameters, each leading with the seeds, as `jaxqkd.sweep` takes them."""
    return jax.random.split(jax.random.key(0), len(starts["kernel"])), _params(starts)


def _params(start: Start) -> Any:
    return unflatten_dict({PATHS[name]: jnp.asarray(values) for name, values in start.items()})
