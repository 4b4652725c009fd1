"""Parts of the benchmark: functions that say what to measure, and yield a row for each measurement."""

import tempfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks import measurement
from benchmarks.measurement import Row
from benchmarks.peers import NAMES
from benchmarks.work import Work
from benchmarks.worker import Request

OURS = "jaxqkd"
FLOOR = "floor: a matrix for the circuit"
COLD, CACHED = "cold", "from JAX's cache"
STUDIES = {
    "reproduce": ("reproduce",),
    "reproduce --seeds 128 --readings logits": ("reproduce", "--seeds", "128", "--readings", "logits"),
}

Measure = Callable[[str, Request], Row]
"""A function `(name, request) -> row`."""


class Sizes(NamedTuple):
    """What a full and a short run differ in.

    Attributes:
        work: The seed epoch.
        paths: Works of the other paths.
        noisy: Works with noise.
        seeds: Seeds that jaxqkd trains together.
        peer_seeds: Seeds that a peer trains together, of which the faster number counts.
        chunks: Runs side by side on a core, for the floor, of which the faster number counts.
        epochs: Epochs of a training by jaxqkd.
        repetitions: Timed trainings; of slow implementations three at most.
        curve: Works by the number of qubits.
        many_seeds, layers, many_epochs: Of the scaling.
    """

    work: Work = Work("seed epoch")
    paths: tuple[Work, ...] = (
        Work("mini-batches of 32", batch_size=32),
        Work("data re-uploading, 4 qubits", 4, 5, 256, 4, "reuploading"),
        Work("trained input layer, 4 qubits", 4, 5, 256, 16, "angle", has_input=True),
        Work("full batch of angles, 4 qubits", 4, 5, 256, 4, "angle"),
    )
    noisy: tuple[Work, ...] = (
        Work("noise after every layer", noise="layers"),
        Work("noise after every gate", noise="gates"),
        Work("noise by qubit and pair", noise="pairs"),
    )
    seeds: int = 64
    peer_seeds: tuple[int, ...] = (1, 12)
    chunks: tuple[int, ...] = (2, 4)
    epochs: int = 20
    repetitions: int = 5
    curve: tuple[Work, ...] = tuple(Work(f"{q} qubits", q, 4, 32, q, "angle") for q in range(4, 17, 2))
    many_seeds: tuple[int, ...] = (16, 64, 256)
    layers: tuple[int, ...] = (5, 10, 20, 40)
    many_epochs: tuple[int, ...] = (10, 100, 1000)


FULL = Sizes()

SHORT = Sizes(
    work=Work("seed epoch", 3, 1, 8, 8),
    paths=(
        Work("data re-uploading", 2, 1, 8, 2, "reuploading"),
        Work("trained input layer, mini-batches of 4", 2, 1, 8, 4, "angle", has_input=True, batch_size=4),
    ),
    noisy=(Work("noise after every gate", 3, 1, 8, 8, noise="gates"),),
    seeds=2,
    peer_seeds=(2,),
    chunks=(2,),
    epochs=2,
    repetitions=1,
    curve=(Work("2 qubits", 2, 1, 8, 2, "angle"),),
    many_seeds=(4,),
    layers=(),
    many_epochs=(),
)


def seed(sizes: Sizes, measure: Measure) -> Iterator[Row]:
    """Yields the seed epoch: the floor, jaxqkd and every peer."""
    work, slow = sizes.work, min(3, sizes.repetitions)
    ours = Request("ours", work, seeds=sizes.seeds, epochs=sizes.epochs, repetitions=sizes.repetitions)
    for chunk in sizes.chunks:
        yield measure(FLOOR, ours._replace(implementation="floor", chunk=chunk))
    yield measure(OURS, ours)
    for peer in ("tensorcircuit_plain", "tensorcircuit_contracted", "pennylane_jax"):
        for seeds in sizes.peer_seeds:
            epochs = max(1, 48 // seeds)
            request = Request(f"peers.{peer}", work, seeds=seeds, epochs=epochs, repetitions=sizes.repetitions)
            yield measure(NAMES[peer], request)
    for peer in ("pennylane_torch", "deepquantum_torch"):
        yield measure(NAMES[peer], Request(f"peers.{peer}", work, epochs=3, repetitions=slow))
    eighth = work._replace(examples=work.examples // 8)
    name = f"{NAMES['pennylane_lightning']}, {eighth.examples} examples, time x 8"
    yield measure(name, Request("peers.pennylane_lightning", eighth, repetitions=slow, stands_for=8))


def paths(sizes: Sizes, measure: Measure) -> Iterator[Row]:
    """Yields the other paths through a training: jaxqkd and TensorCircuit."""
    peer, seeds = "tensorcircuit_plain", sizes.peer_seeds[-1]
    for work in sizes.paths:
        ours = Request("ours", work, seeds=sizes.seeds, epochs=sizes.epochs, repetitions=sizes.repetitions)
        yield measure(OURS, ours)
        epochs = min(8, sizes.epochs)
        yield measure(NAMES[peer], ours._replace(implementation=f"peers.{peer}", seeds=seeds, epochs=epochs))


def simulators(sizes: Sizes, measure: Measure) -> Iterator[Row]:
    """Yields one student by `exact()` and `tensorcircuit()`: the seed epoch, and an eighth of it under noise."""
    peer, epochs, repetitions = "tensorcircuit_simulator", min(3, sizes.epochs), min(3, sizes.repetitions)
    noisy = next(work for work in sizes.noisy if work.noise == "gates")
    for work in (sizes.work, noisy._replace(name=f"{noisy.name}, an eighth", examples=noisy.examples // 8)):
        ours = Request("ours", work, seeds=2, epochs=epochs, repetitions=repetitions)
        yield measure(OURS, ours)
        yield measure(NAMES[peer], ours._replace(implementation=f"peers.{peer}"))


def imported(sizes: Sizes, measure: Measure) -> Iterator[Row]:
    """Yields a student brought from PennyLane, here and there: the seed epoch, and data re-uploading."""
    for work in (sizes.work, next(path for path in sizes.paths if path.encoding == "reuploading")):
        here = Request("peers.pennylane_imported", work, seeds=sizes.seeds, epochs=sizes.epochs, repetitions=3)
        yield measure(NAMES["pennylane_imported"], here)
        for seeds in sizes.peer_seeds:
            there = here._replace(implementation="peers.pennylane_jax", seeds=seeds, epochs=max(1, 48 // seeds))
            yield measure(NAMES["pennylane_jax"], there)
        if work.encoding == "amplitude":
            eighth = work._replace(examples=max(1, work.examples // 8))
            name = f"{NAMES['pennylane_lightning']}, {eighth.examples} examples, time x 8"
            yield measure(name, Request("peers.pennylane_lightning", eighth, repetitions=2, stands_for=8))


def noise(sizes: Sizes, measure: Measure) -> Iterator[Row]:
    """Yields the seed epoch without noise and under it: jaxqkd; density matrices, of an eighth."""
    peer = "tensorcircuit_density"
    for work in (sizes.work, *sizes.noisy):
        yield measure(OURS, Request("ours", work, seeds=sizes.seeds, epochs=sizes.epochs, repetitions=3))
        if work.noise and work.noise != "pairs":  # which the peer has no channels for
            eighth = work._replace(examples=work.examples // 8)
            name = f"{NAMES[peer]}, {eighth.examples} examples, time x 8"
            yield measure(name, Request(f"peers.{peer}", eighth, epochs=3, repetitions=3, stands_for=8))


def curve(sizes: Sizes, measure: Measure) -> Iterator[Row]:
    """Yields one seed by the number of qubits; an implementation that did not end is not tried on larger ones."""
    names = {"ours": OURS}
    names |= {f"peers.{at}": NAMES[at] for at in ("tensorcircuit_plain", "pennylane_jax", "pennylane_lightning")}
    repetitions = min(3, sizes.repetitions)
    for work in sizes.curve:
        for implementation, name in list(names.items()):
            epochs = 3 if implementation == "peers.pennylane_lightning" else max(3, 2 ** (12 - work.qubits))
            row = measure(name, Request(implementation, work, epochs=epochs, repetitions=repetitions))
            yield row
            if row.reply.outcome != "measured":
                del names[implementation]


def scaling(sizes: Sizes, measure: Measure) -> Iterator[Row]:
    """Yields jaxqkd's training of more seeds and layers, and its compilation of more layers and epochs."""
    base = Request("ours", sizes.work, seeds=sizes.seeds, epochs=10, repetitions=min(3, sizes.repetitions))

    def named(name: str, request: Request, **changes: int) -> Request:
        return request._replace(work=request.work._replace(name=name, **changes))

    deep = [named(f"{layers} layers", base, layers=layers) for layers in sizes.layers]
    many = [named(f"{seeds} seeds", base._replace(seeds=seeds)) for seeds in sizes.many_seeds]
    long = [named(f"{epochs} epochs", base._replace(epochs=epochs)) for epochs in sizes.many_epochs]
    for request in many + deep:
        yield measure("training", request)
    for request in long + deep:
        yield measure("compilation", request._replace(task="compile"))


def compilation(sizes: Sizes, measure: Measure) -> Iterator[Row]:
    """Yields the compilation of a student's training, cold and, in a second process, from JAX's cache."""
    with tempfile.TemporaryDirectory() as cache:
        request = Request("ours", sizes.work, "compile", sizes.seeds, epochs=100, cache=cache)
        for name in (COLD, CACHED):
            yield measure(name, request)


def study(sizes: Sizes, measure: Measure) -> Iterator[Row]:
    """Yields the wall-clock time of the seed study, as the command line runs it."""
    for name, arguments in STUDIES.items():
        yield measurement.stopwatch("study", name, arguments)


PARTS = {
    "seed": seed,
    "paths": paths,
    "simulators": simulators,
    "imported": imported,
    "noise": noise,
    "curve": curve,
    "scaling": scaling,
    "compile": compilation,
    "study": study,
}
