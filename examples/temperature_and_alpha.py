"""When the teacher knows more: gains by temperature and alpha, where the student has few and noisy labels.

The student sees 60 labels of which a fifth are wrong; the teacher has seen 2000 of the same kind. Every seed draws
its own data and teacher, and is trained at every temperature and alpha, so each gain over alpha = 0 is paired by
seed. A star marks a Wilcoxon p below 0.05 after Holm's correction over all cells.
"""

import jax
import numpy as np
import optax
from matplotlib.figure import Figure

import jaxqkd as jq
from jaxqkd.statistics import difference, holm

CLASSES = 3
TEACHER = jq.models.MLP(features=(32, 32), classes=CLASSES)
STUDENT = jq.models.QuantumStudent(
    jq.circuits.universal(qubits=4, layers=3), classes=CLASSES, encoding=jq.quantum.encodings.angle, input_width=4
)
TEMPERATURES, ALPHAS = (1.0, 2.0, 4.0, 8.0), (0.25, 0.5, 0.75, 1.0)


def run(
    *, few=60, many=2_000, tests=500, noise=0.2, epochs=200, seeds=16, temperatures=TEMPERATURES, alphas=ALPHAS
):
    """Returns test F1 by temperature, alpha (0 first) and seed, and the paired gains over alpha = 0."""

    def draw(key):
        k_data, k_noise, k_fit = jax.random.split(key, 3)
        drawn = jq.data.xor_grid(k_data, count=few + many + tests, classes=CLASSES)
        noisy = jq.data.with_label_noise(k_noise, drawn, noise, classes=CLASSES)
        test = jax.tree.map(lambda leaf: leaf[few + many :], drawn)
        seen = jax.tree.map(lambda leaf: leaf[few : few + many], noisy)
        params = jq.fit(k_fit, TEACHER, seen, jq.losses.hard(), optax.adam(1e-2), epochs=epochs).params
        return jq.label(jax.tree.map(lambda leaf: leaf[:few], noisy), TEACHER, params), test, params

    def teach(key, hp):
        train, test, params = draw(key)
        return train, test, jq.metrics.f1(TEACHER.apply(params, test.x), test.labels, classes=CLASSES)

    def distil(drawn, hp):
        key, (train, test, _) = drawn
        loss = jq.losses.kd(hp["temperature"], hp["alpha"])
        params = jq.fit(key, STUDENT, train, loss, optax.adam(0.03), epochs=epochs).params
        return jq.metrics.f1(STUDENT.apply(params, test.x), test.labels, classes=CLASSES)

    k_teachers, k_students = (jax.random.split(key, seeds) for key in jax.random.split(jax.random.key(0)))
    taught = jq.sweep(teach, k_teachers)  # one teacher a seed, trained once
    axes = jq.grid(temperature=temperatures, alpha=(0.0, *alphas))
    f1 = np.asarray(jq.sweep(distil, (k_students, taught), axes))
    pairs = [difference(f1[t, 0], f1[t, a + 1]) for t, a in np.ndindex(len(temperatures), len(alphas))]
    shape = len(temperatures), len(alphas)
    return {
        "temperatures": temperatures,
        "alphas": alphas,
        "f1": f1,
        "teacher_f1": np.asarray(taught[2]),
        "gain": np.reshape([pair.mean for pair in pairs], shape),
        "win_rate": np.reshape([pair.win_rate for pair in pairs], shape),
        "p": holm(np.array([pair.p for pair in pairs])).reshape(shape),
    }


def plot(results) -> Figure:
    """Returns a heat map of the mean paired gain, with the win rate over the seeds."""
    seeds = results["f1"].shape[-1]
    title = f"Mean gain over alpha = 0, and win rate over {seeds} seeds\n(*: corrected p < 0.05)"
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    panel = figure.subplots()
    limit = max(float(np.abs(results["gain"]).max()), 0.01)
    image = panel.imshow(results["gain"], cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="auto")
    for (row, column), gain in np.ndenumerate(results["gain"]):
        star = "*" if results["p"][row, column] < 0.05 else ""
        text = f"{gain:+.3f}{star}\n{results['win_rate'][row, column]:.0%}"
        color = "white" if abs(gain) > 0.75 * limit else "black"
        panel.text(column, row, text, ha="center", va="center", color=color)
    panel.set_xticks(range(len(results["alphas"])), [f"{alpha:g}" for alpha in results["alphas"]])
    panel.set_yticks(range(len(results["temperatures"])), [f"{t:g}" for t in results["temperatures"]])
    panel.set(xlabel="alpha", ylabel="temperature")
    panel.set_title(title, fontsize=10)
    figure.colorbar(image, label="mean paired gain of macro F1")
    return figure


def main() -> None:
    """Runs at the default size, prints the mean scores and saves the figure."""
    jq.use_all_cores()
    results = run()
    print(f"teacher: F1 {results['teacher_f1'].mean():.3f}; student alone: {results['f1'][:, 0].mean():.3f}")
    print("gain by temperature (down) and alpha (across):", np.round(results["gain"], 3), sep="\n")
    plot(results).savefig("temperature_and_alpha.png", dpi=150)


if __name__ == "__main__":
    main()
