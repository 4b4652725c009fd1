"""The linear layer, loss and training of the peers in PyTorch: one seed after another, step by step."""

import torch
from torch.nn import functional
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from benchmarks.work import CLASSES, LEARNING_RATE, Examples, Implementation, Start, Work, examples


def implementation(circuit: torch.nn.Module, work: Work) -> Implementation:
    """Returns the implementation of a work around a circuit.

    Args:
        circuit: A module of features [B, D] that returns <Z> of every qubit [B, Q], with theta for parameters, be
            it one tensor or one an angle.
        work: The work.
    """
    data = Examples(*(torch.from_numpy(array) for array in examples(work)))
    data = data._replace(labels=data.labels.long())
    size = work.batch_size or work.examples
    batches = [Examples(*(rows[first : first + size] for rows in data)) for first in range(0, work.examples, size)]
    batches = batches[: work.examples // size]
    head = torch.nn.Linear(work.qubits, CLASSES)
    student = torch.nn.Sequential(circuit, head)
    angles = list(circuit.parameters())

    def load(start: Start) -> None:
        vector_to_parameters(torch.tensor(start["theta"]).flatten(), angles)
        head.load_state_dict({"weight": torch.tensor(start["kernel"]).T, "bias": torch.tensor(start["bias"])})

    def loss(batch: Examples) -> torch.Tensor:
        logits = student(batch.x)
        entropy = functional.cross_entropy(logits, batch.labels)
        teacher = functional.softmax(batch.teacher, dim=-1)
        return entropy + functional.kl_div(functional.log_softmax(logits, dim=-1), teacher, reduction="sum")

    def gradient(start: Start) -> tuple[float, Start]:
        load(start)
        student.zero_grad()
        value = loss(data)
        value.backward()
        slope = {
            "theta": parameters_to_vector(angle.grad for angle in angles).reshape(start["theta"].shape),
            "kernel": head.weight.grad.T,
            "bias": head.bias.grad,
        }
        return value.item(), {name: leaf.numpy().copy() for name, leaf in slope.items()}

    def train(starts: Start, epochs: int) -> None:
        for seed in range(len(starts["theta"])):
            load({name: values[seed] for name, values in starts.items()})
            optimizer = torch.optim.Adam(student.parameters(), lr=LEARNING_RATE)
            for _ in range(epochs):
                for batch in batches:
                    optimizer.zero_grad()
                    loss(batch).backward()
                    optimizer.step()

    return Implementation(gradient, train)
