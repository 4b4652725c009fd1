"""The worker: measures one request in a process of its own, `python -m benchmarks.worker`.

It reads a request as JSON from its input and writes a reply as JSON on the last line of its output. A process of
its own, because frameworks change global state, and because only so is its peak memory that of one implementation.
"""

import importlib
import importlib.metadata
import json
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.work import Start, Work, starts

DISTRIBUTIONS = {
    "numpy": "numpy",
    "jax": "jax",
    "jaxlib": "jaxlib",
    "flax": "flax",
    "optax": "optax",
    "jaxqkd": "jaxqkd",
    "tensorcircuit": "tensorcircuit-ng",
    "pennylane": "pennylane",
    "pennylane_lightning": "pennylane-lightning",
    "torch": "torch",
    "deepquantum": "deepquantum",
}
"""The distributions whose versions a reply tells, by the module that they are imported as."""


class Request(NamedTuple):
    """What to measure.

    Attributes:
        implementation: A module of this package: "ours", "floor", or "peers." and one of the peers.
        work: The work.
        task: "train", or "compile" for the compilation of ours alone.
        seeds: How many seeds are trained together.
        epochs: Epochs of a training.
        repetitions: How many trainings are timed after the first.
        chunk: Runs side by side on a core, for the floor.
        cache: Directory of JAX's persistent cache, or None for no such cache; for a compilation.
        stands_for: How many times the work's examples the report scales the time to.
    """

    implementation: str
    work: Work
    task: str = "train"
    seeds: int = 1
    epochs: int = 1
    repetitions: int = 5
    chunk: int | None = None
    cache: str | None = None
    stands_for: int = 1


class Reply(NamedTuple):
    """What was measured.

    Attributes:
        outcome: "measured", "skipped", "over the time limit" or "failed".
        message: Why, where it is not "measured".
        first: Seconds of the first training, with compilation; or of the one compilation, or command.
        seconds: Seconds of each repetition.
        memory: Peak memory of the process after that in MiB, or None where the system does not tell.
        loss: The loss at the first start.
        gradient: Its gradient there, by the names of a start.
        difference: The largest difference of both from ours, relative to the largest entry of each.
        versions: Of the distributions in use.
    """

    outcome: str = "measured"
    message: str = ""
    first: float | None = None
    seconds: tuple[float, ...] = ()
    memory: float | None = None
    loss: float | None = None
    gradient: dict[str, Any] | None = None
    difference: float | None = None
    versions: dict[str, str] | None = None


def main() -> None:
    """Answers the request on standard input."""
    told = json.load(sys.stdin)
    reply = answer(Request(**told | {"work": Work(**told["work"])}))
    print("", json.dumps(reply._asdict()), sep="\n")


def answer(request: Request) -> Reply:
    """Returns what was measured, or why nothing was: a missing framework, another kind of work, an error."""
    try:
        reply = _compiled(request) if request.task == "compile" else _trained(request)
    except ModuleNotFoundError as error:
        is_peer = request.implementation.startswith("peers.")
        return Reply("skipped" if is_peer else "failed", f"{error.name} is not installed")
    except NotImplementedError as error:
        return Reply("skipped", str(error))
    except Exception as error:
        return Reply("failed", f"{type(error).__name__}: {error}")
    return reply._replace(versions=_versions())


def _trained(request: Request) -> Reply:
    module = importlib.import_module(f"benchmarks.{request.implementation}")
    options = {} if request.chunk is None else {"chunk": request.chunk}
    gradient, train = module.implementation(request.work, **options)
    first = starts(request.work, request.seeds)
    seconds = [_seconds(train, first, request.epochs) for _ in range(1 + request.repetitions)]
    memory = _peak_memory()
    loss, slope = gradient({name: values[0] for name, values in starts(request.work, 1).items()})
    listed = {name: values.tolist() for name, values in slope.items()}
    return Reply(first=seconds[0], seconds=tuple(seconds[1:]), memory=memory, loss=loss, gradient=listed)


def _compiled(request: Request) -> Reply:
    from benchmarks import ours

    seconds = ours.compile_seconds(request.work, request.seeds, request.epochs, request.cache)
    return Reply(first=seconds, memory=_peak_memory())


def _seconds(train: Callable[[Start, int], None], first: Start, epochs: int) -> float:
    begin = time.perf_counter()
    train(first, epochs)
    return time.perf_counter() - begin


def _peak_memory() -> float | None:
    try:
        import resource
    except ModuleNotFoundError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _versions() -> dict[str, str]:
    loaded = sys.modules.keys() & DISTRIBUTIONS.keys()
    return {DISTRIBUTIONS[name]: importlib.metadata.version(DISTRIBUTIONS[name]) for name in sorted(loaded)}


if __name__ == "__main__":
    main()
