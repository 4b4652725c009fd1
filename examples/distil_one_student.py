"""A teacher, a student, and what the teacher's soft labels change: the shortest whole use of jaxqkd.

An MLP learns the extended XOR from bit vectors, of which only the first two bits matter. One quantum student, of
111 parameters, is trained from each of a few initializations twice: on the labels alone (alpha = 0), and on the
labels and the teacher's logits. The teacher is right on all examples, so it adds little to the labels. Eight seeds
on one draw of data show curves; they are not a test.
"""

import jax
import numpy as np
import optax
from matplotlib.figure import Figure

import jaxqkd as jq

COLORS = ("#0072B2", "#D55E00")
STYLES = ("-", "--")


def run(*, bits=64, count=1_000, layers=5, epochs=300, seeds=8, temperature=2.0, alpha=0.5, seed=0):
    """Returns the students' validation F1 by epoch [2, seeds, epochs], test F1 [2, seeds], and the teacher's."""
    k_data, k_split, k_teacher, k_students = jax.random.split(jax.random.key(seed), 4)
    everything = jq.data.xor_bits(k_data, count=count, bits=bits)
    train, validation, test = jq.data.split(k_split, everything, (0.8, 0.1, 0.1))
    adam = optax.adam(3e-2)

    teacher = jq.models.MLP(features=(16, 8), classes=3)
    teach = jax.jit(lambda key: jq.fit(key, teacher, train, jq.losses.hard(), adam, epochs=300))
    params = teach(k_teacher).params
    train, validation = jq.label(train, teacher, params), jq.label(validation, teacher, params)

    qubits = max(1, (bits - 1).bit_length())  # a vector of that many amplitudes
    student = jq.models.QuantumStudent(jq.circuits.hea(qubits=qubits, layers=layers), classes=3)

    def score(scores, labels):
        return jq.metrics.f1(scores, labels, classes=3)

    def distil(key, hp):
        loss = jq.losses.kd(temperature, hp["alpha"])
        out = jq.fit(key, student, train, loss, adam, epochs=epochs, validation=validation, metrics={"f1": score})
        return {"curve": out.history["f1"], "test_f1": score(student.apply(out.params, test.x), test.labels)}

    found = jq.sweep(distil, jax.random.split(k_students, seeds), jq.grid(alpha=[0.0, alpha]))
    teacher_f1 = score(teacher.apply(params, test.x), test.labels)
    sizes = jq.models.count_parameters(student, bits)
    return {"alphas": np.array([0.0, alpha]), "teacher_f1": float(teacher_f1), "parameters": sizes.total} | found


def plot(results) -> Figure:
    """Returns the learning curves: a thin line a seed, a thick one for their median."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    panel = figure.subplots()
    for alpha, curves, color, style in zip(results["alphas"], results["curve"], COLORS, STYLES, strict=True):
        curves, epochs = np.asarray(curves), np.arange(1, curves.shape[1] + 1)
        panel.plot(epochs, curves.T, style, color=color, linewidth=0.6, alpha=0.4)
        name = "labels alone" if alpha == 0 else f"with the teacher, alpha = {alpha:g}"
        panel.plot(epochs, np.median(curves, axis=0), style, color=color, linewidth=2.2, label=name)
    panel.axhline(results["teacher_f1"], color="black", linestyle=":", linewidth=1.2, label="teacher, test data")
    panel.set(xlabel="epoch", ylabel="macro F1, validation data", ylim=(0, 1.04))
    panel.set_title(f"One student, {results['curve'].shape[1]} seeds: each, and their median", fontsize=10)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="lower right", frameon=False)
    return figure


def main() -> None:
    """Runs at the default size, prints the scores and saves the figure."""
    jq.use_all_cores()
    results = run()
    print(f"teacher: F1 {results['teacher_f1']:.3f}; student: {results['parameters']} parameters")
    for alpha, scores in zip(results["alphas"], np.asarray(results["test_f1"]), strict=True):
        print(
            f"alpha = {alpha:g}: test F1 mean {scores.mean():.3f}, from {scores.min():.3f} to {scores.max():.3f}"
        )
    plot(results).savefig("distil_one_student.png", dpi=150)


if __name__ == "__main__":
    main()
