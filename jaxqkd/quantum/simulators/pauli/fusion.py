"""Gates and channels fused, on the host, into few steps in the Pauli basis.

Neighboring gates and channels on one or two qubits become one block. Entanglers that only permute Pauli strings,
and channels that only scale them, become one shuffle. Whatever was merged, a layer has few steps.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxqkd.quantum import paulis
from jaxqkd.quantum.noise.schedule import Instruction


class Block(NamedTuple):
    """Instructions in order on few qubits, which become one matrix."""

    qubits: tuple[int, ...]
    instructions: tuple[Instruction, ...]


class Shuffle(NamedTuple):
    """New coefficient a is the old one at source[a], times sign[a], times each channel's factor at its index[a].

    Attributes:
        source: Where each coefficient [4^Q] comes from.
        inverse: The inverse of that permutation.
        sign: Signs [4^Q].
        channels: Instructions that scale, each with its index [4^Q] among its own factors.
    """

    source: np.ndarray
    inverse: np.ndarray
    sign: np.ndarray
    channels: tuple[tuple[Instruction, np.ndarray], ...]


Step = Block | Shuffle
Groups = list[tuple[tuple[int, ...] | None, list[Instruction]]]


@functools.cache
def fused(instructions: tuple[Instruction, ...], qubits: int) -> tuple[Step, ...]:
    """Returns the steps that have the effect of the instructions, in order: the shorter of two ways.

    Entanglers that permute strings are shuffles in the one, and parts of blocks in the other.
    """
    ways = [_grouped(instructions, shuffles) for shuffles in (True, False)]
    groups = min((_paired(way) for way in ways), key=len)
    return tuple(_shuffle(mine, qubits) if where is None else Block(where, tuple(mine)) for where, mine in groups)


def _grouped(instructions: Sequence[Instruction], shuffles: bool) -> Groups:
    """Returns the instructions in groups by qubits (None: a shuffle); each joins the last group that fits."""
    groups: Groups = []
    for instruction in instructions:
        permutes = shuffles and len(instruction.qubits) > 1 and _permutes(instruction)
        home = None
        for where, mine in reversed(groups):
            within = where is not None and set(instruction.qubits) <= set(where)
            shuffle = where is None and (permutes or instruction.scales)
            fits = shuffle or (within and (instruction.scales or not permutes))
            if fits:
                home = mine
            if fits or _meet(mine, instruction.qubits):
                break
        if home is None:
            home = [] if permutes else _pulled(groups, instruction.qubits)
            groups.append((None if permutes else tuple(sorted(instruction.qubits)), home))
        home.append(instruction)
    return groups


def _pulled(groups: Groups, qubits: tuple[int, ...]) -> list[Instruction]:
    """Removes the last blocks within the qubits from the groups, and returns their instructions."""
    pulled: list[Instruction] = []
    for place in reversed(range(len(groups))):
        where = groups[place][0]
        later = any(_meet(instructions, where) for _, instructions in groups[place + 1 :]) if where else True
        if where and set(where) < set(qubits) and not later:
            pulled = groups.pop(place)[1] + pulled
    return pulled


def _paired(groups: Groups) -> Groups:
    """Returns the groups with blocks of single neighboring qubits merged into pairs, where nothing is between."""
    found = list(groups)
    for start, (where, mine) in enumerate(found):
        for place, (other, instructions) in enumerate(found[start + 1 :], start + 1):
            if where is None or other is None or not len(where) == len(other) == 1:
                continue
            free = not any(_meet(between, other) for _, between in found[start + 1 : place])
            if free and abs(where[0] - other[0]) == 1:
                found[start] = (tuple(sorted(where + other)), mine + instructions)
                del found[place]
                break
    return found


def _meet(instructions: Sequence[Instruction], qubits: Sequence[int]) -> bool:
    return any(set(instruction.qubits) & set(qubits) for instruction in instructions)


def _permutes(instruction: Instruction) -> bool:
    return (
        instruction.scales
        if isinstance(instruction.name, int)
        else paulis.signed_permutation(instruction.name) is not None
    )


def _shuffle(instructions: Sequence[Instruction], qubits: int) -> Shuffle:
    source, sign = np.arange(4**qubits), np.ones(4**qubits)
    channels: list[tuple[Instruction, np.ndarray]] = []
    for instruction in instructions:
        if isinstance(instruction.name, int):
            channels.append((instruction, _local_index(instruction.qubits, qubits)))
            continue
        origin, signs = _everywhere(instruction, qubits)
        source, sign = source[origin], signs * sign[origin]
        channels = [(channel, index[origin]) for channel, index in channels]
    # int32: jax's traces in float64 remember int64 arrays, and break later ones in float32
    held = tuple((channel, index.astype(np.int32)) for channel, index in channels)
    return Shuffle(source.astype(np.int32), np.argsort(source).astype(np.int32), sign.astype(np.float32), held)


def _everywhere(instruction: Instruction, qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sources and signs [4^Q] of a gate on all qubits."""
    permutation = paulis.signed_permutation(str(instruction.name))
    assert permutation is not None
    source, signs = permutation
    here = _local_index(instruction.qubits, qubits)
    places = 4 ** (qubits - 1 - np.asarray(instruction.qubits))
    digits = 4 ** np.arange(len(instruction.qubits))[::-1]
    moved = (source[here][:, None] // digits % 4 - here[:, None] // digits % 4) @ places
    return np.arange(4**qubits) + moved, signs[here]


def _local_index(where: Sequence[int], qubits: int) -> np.ndarray:
    """Returns, for each string [4^Q], the index of its letters at the qubits."""
    digits = np.arange(4**qubits)[:, None] // 4 ** (qubits - 1 - np.asarray(where)) % 4
    return digits @ 4 ** np.arange(len(where))[::-1]
