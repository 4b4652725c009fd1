"""How much a quantum student depends on where it starts: 256 seeds of one student, by initializer.

All initializers see the same data and the same 256 keys; only the distribution of the first angles differs. A run
counts as failed where its test F1 is below a margin of 0.8, a gap in the scores, chosen after looking at them.
One draw of data, one circuit of two qubits, a fixed number of epochs: what is seen here need not hold elsewhere.
"""

import functools

import jax
import numpy as np
import optax
from matplotlib.figure import Figure

import jaxqkd as jq

MARGIN = 0.8
INITIALISERS = {
    "uniform, a full turn": jq.quantum.initializers.uniform,
    "uniform in [-0.2, 0.2)": functools.partial(jq.quantum.initializers.uniform, low=-0.2, high=0.2),
    "normal, stddev 0.1": jq.quantum.initializers.normal,
    "normal, stddev 1": functools.partial(jq.quantum.initializers.normal, stddev=1.0),
}


def run(*, count=400, layers=6, epochs=300, seeds=256, learning_rate=0.05, seed=0):
    """Returns test F1 [seeds] by the name of the initializer."""
    k_data, k_split, k_seeds = jax.random.split(jax.random.key(seed), 3)
    blobs = jq.data.xor_grid(k_data, count=count, classes=3, features=2, spread=0.2)
    train, test = jq.data.split(k_split, blobs, (0.5, 0.5))
    circuit = jq.circuits.universal(qubits=2, layers=layers)
    keys, adam = jax.random.split(k_seeds, seeds), optax.adam(learning_rate)

    def trained(initializer):
        student = jq.models.QuantumStudent(
            circuit, classes=3, encoding=jq.quantum.encodings.angle, initializer=initializer
        )

        def one(key, hp):
            out = jq.fit(key, student, train, jq.losses.hard(), adam, epochs=epochs)
            return jq.metrics.f1(student.apply(out.params, test.x), test.labels, classes=3)

        return np.asarray(jq.sweep(one, keys))

    return {name: trained(initializer) for name, initializer in INITIALISERS.items()}


def failed(scores, margin=MARGIN) -> float:
    """Returns the share of scores [seeds] below the margin."""
    return float(np.mean(np.asarray(scores) < margin))


def plot(results, margin=MARGIN) -> Figure:
    """Returns a row an initializer: a histogram of F1 over the seeds, and the share that failed."""
    figure = Figure(figsize=(6.4, 1.3 * len(results) + 1.0), layout="constrained")
    panels = figure.subplots(len(results), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    edges = np.linspace(0, 1, 51)
    for panel, (name, scores) in zip(panels, results.items(), strict=True):
        below = scores < margin
        panel.hist(scores[~below], edges, color="#0072B2", label=f"F1 of {margin:g} and more")
        panel.hist(scores[below], edges, color="#E69F00", hatch="///", edgecolor="white", label="failed")
        panel.axvline(margin, color="black", linestyle=":", linewidth=1.2)
        text = f"{name}\nfailed: {failed(scores, margin):.0%}, median F1 {np.median(scores):.2f}"
        panel.text(0.02, 0.92, text, transform=panel.transAxes, va="top", fontsize=9)
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_ylabel("seeds", fontsize=9)
    panels[-1].set(xlabel="macro F1, test data", xlim=(0, 1.01))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
    return figure


def main() -> None:
    """Runs at the default size, prints the shares of failed seeds and saves the figure."""
    jq.use_all_cores()
    results = run()
    for name, scores in results.items():
        low, middle, high = np.quantile(scores, [0.1, 0.5, 0.9])
        print(f"{name:24} F1 below {MARGIN:g}: {failed(scores):4.0%}; deciles {low:.2f}, {middle:.2f}, {high:.2f}")
    plot(results).savefig("initializations.png", dpi=150)


if __name__ == "__main__":
    main()
