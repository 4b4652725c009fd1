"""A model and a circuit of one's own, distilled from one teacher.

A model is anything with flax linen's `init` and `apply`. A circuit is a tuple of gates: which gate, on which
qubits, turned by which trained angle. Both students see the same few examples, keys and teacher, which has seen
more. One draw of data and a few seeds show that the parts fit together; they do not rank the students.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from matplotlib.figure import Figure

import jaxqkd as jq
from jaxqkd.circuits import Circuit, Gate

COLORS = ("#0072B2", "#D55E00")


class Fourier(nn.Module):
    """A classical student of one's own: a linear layer on sines and cosines of trained frequencies."""

    frequencies: int
    classes: int

    @nn.compact
    def __call__(self, x):
        """Returns logits [B, C] of features x [B, D]."""
        phases = nn.Dense(self.frequencies)(x)
        return nn.Dense(self.classes)(jnp.concatenate([jnp.sin(phases), jnp.cos(phases)], axis=-1))


def brickwork(*, qubits, layers) -> Circuit:
    """Returns a circuit of one's own: RY on every qubit, CRX from even qubits, then from odd ones."""
    turns = [Gate("ry", (qubit,), theta=qubit) for qubit in range(qubits)]
    pairs = [(first, first + 1) for start in (0, 1) for first in range(start, qubits - 1, 2)]
    bricks = [Gate("crx", pair, theta=qubits + place) for place, pair in enumerate(pairs)]
    return Circuit(qubits, layers, (*turns, *bricks))


def run(*, qubits=4, layers=3, frequencies=12, few=60, count=1_200, epochs=200, seeds=16, seed=0):
    """Returns the circuit, the teacher's test F1, and test F1 [2, seeds] (alpha 0 and 0.5) by student."""
    k_data, k_split, k_teacher, k_students = jax.random.split(jax.random.key(seed), 4)
    train, test = jq.data.split(k_split, jq.data.xor_grid(k_data, count=count), (0.5, 0.5))
    adam, circuit = optax.adam(0.03), brickwork(qubits=qubits, layers=layers)
    teacher = jq.models.MLP(features=(32, 32), classes=3)
    teach = jax.jit(lambda key: jq.fit(key, teacher, train, jq.losses.hard(), adam, epochs=epochs))
    params = teach(k_teacher).params
    taught = jq.label(jax.tree.map(lambda leaf: leaf[:few], train), teacher, params)

    def score(model, params):
        return jq.metrics.f1(model.apply(params, test.x), test.labels, classes=3)

    def distilled(student):
        def one(key, hp):
            loss = jq.losses.kd(2.0, hp["alpha"])
            return score(student, jq.fit(key, student, taught, loss, adam, epochs=epochs).params)

        return np.asarray(jq.sweep(one, jax.random.split(k_students, seeds), jq.grid(alpha=[0.0, 0.5])))

    angle = jq.quantum.encodings.angle
    hybrid = jq.models.QuantumStudent(circuit, classes=3, encoding=angle, input_width=qubits)
    students = {"own model": Fourier(frequencies, classes=3), "own circuit": hybrid}
    f1 = {name: distilled(student) for name, student in students.items()}
    return {"circuit": circuit, "teacher_f1": float(score(teacher, params)), "f1": f1}


def plot(results) -> Figure:
    """Returns every seed's score without and with distillation, joined by a line."""
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    panels = figure.subplots(1, len(results["f1"]), sharey=True)
    for panel, (name, (alone, taught)) in zip(panels, results["f1"].items(), strict=True):
        panel.plot([0, 1], [alone, taught], color="#999999", linewidth=0.8)
        for place, scores, color, marker in zip((0, 1), (alone, taught), COLORS, "os", strict=True):
            panel.scatter(np.full(len(scores), place), scores, 28, color, marker=marker, alpha=0.8, zorder=3)
        panel.axhline(results["teacher_f1"], color="black", linestyle=":", linewidth=1.2, label="teacher")
        panel.set_xticks([0, 1], ["labels alone", "alpha = 0.5"])
        panel.set(xlim=(-0.4, 1.4), title=name)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("macro F1, test data")
    panels[0].legend(loc="lower right", frameon=False)
    return figure


def main() -> None:
    """Runs at the default size, prints the circuit and the mean scores, and saves the figure."""
    jq.use_all_cores()
    results = run()
    print(jq.circuits.describe(results["circuit"]), f"teacher: F1 {results['teacher_f1']:.3f}", sep="\n\n")
    for name, scores in results["f1"].items():
        print(f"{name}: mean F1 {scores[0].mean():.3f} on labels alone, {scores[1].mean():.3f} at alpha = 0.5")
    plot(results).savefig("own_model_and_circuit.png", dpi=150)


if __name__ == "__main__":
    main()
