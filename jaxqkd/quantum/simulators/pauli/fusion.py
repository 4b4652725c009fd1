"""Fusion of gates and channels, on the host, into few steps in the Pauli basis.

Neighboring gates and channels on one or two qubits become one block. Entanglers that only permute Pauli strings,
and channels that only scale them, become one shuffle.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxqkd.quantum import paulis
from jaxqkd.quantum.noise.schedule import Instruction


class Block(NamedTuple):
    """Instructions in order on a few qubits, which become one matrix."""

    qubits: tuple[int, ...]
    instructions: tuple[Instruction, ...]


class Shuffle(NamedTuple):
    """A gather with factors: new coefficient a is old coefficient source[a], times sign[a], times the channels'.

    Attributes:
        source: Where each coefficient [4^Q] comes from.
        inverse: The inverse of that permutation.
        sign: Signs [4^Q].
        channels: Channels that scale, each with an index [4^Q]: coefficient a is scaled by its factor index[a].
    """

    source: np.ndarray
    inverse: np.ndarray
    sign: np.ndarray
    channels: tuple[tuple[Instruction, np.ndarray], ...]


Step = Block | Shuffle


class Group(NamedTuple):
    """Instructions that become one step: a block on the qubits, or a shuffle where qubits is None."""

    qubits: tuple[int, ...] | None
    instructions: list[Instruction]


@functools.cache
def fused(instructions: tuple[Instruction, ...], qubits: int) -> tuple[Step, ...]:
    """Returns the steps that have the effect of the instructions, in order: the shorter of two ways.

    In one way entanglers that permute Pauli strings are shuffles, in the other they are parts of blocks.
    """
    ways = [_grouped(instructions, shuffles) for shuffles in (True, False)]
    groups = min((_paired(way) for way in ways), key=len)
    return tuple(
        _shuffle(members, qubits) if where is None else Block(where, tuple(members)) for where, members in groups
    )


def _grouped(instructions: Sequence[Instruction], shuffles: bool) -> list[Group]:
    """Returns the instructions in groups; `shuffles` keeps entanglers that permute strings out of blocks."""
    groups: list[Group] = []
    for instruction in instructions:
        permutes = shuffles and len(instruction.qubits) > 1 and _permutes(instruction)
        home = _home(groups, instruction, permutes)
        if home is None:
            home = [] if permutes else _pulled(groups, instruction.qubits)
            groups.append(Group(None if permutes else tuple(sorted(instruction.qubits)), home))
        home.append(instruction)
    return groups


def _home(groups: Sequence[Group], instruction: Instruction, permutes: bool) -> list[Instruction] | None:
    """Returns the last group that the instruction fits in, if all groups after it are on other qubits."""
    for group in reversed(groups):
        if _fits(instruction, permutes, group.qubits):
            return group.instructions
        if _meet(group.instructions, instruction.qubits):
            return None
    return None


def _fits(instruction: Instruction, permutes: bool, qubits: tuple[int, ...] | None) -> bool:
    if qubits is None:
        return permutes or instruction.scales
    return set(instruction.qubits) <= set(qubits) and (instruction.scales or not permutes)


def _pulled(groups: list[Group], qubits: tuple[int, ...]) -> list[Instruction]:
    """Removes the smaller blocks on some of the qubits that nothing follows there; returns their instructions."""
    pulled: list[Instruction] = []
    for place in reversed(range(len(groups))):
        group, later = groups[place], groups[place + 1 :]
        if group.qubits is None or not set(group.qubits) < set(qubits):
            continue
        if not any(_meet(other.instructions, group.qubits) for other in later):
            pulled = groups.pop(place).instructions + pulled
    return pulled


def _paired(groups: Sequence[Group]) -> list[Group]:
    """Returns the groups with blocks of single neighboring qubits merged into pairs, where nothing is between."""
    rest, paired = list(groups), []
    while rest:
        group = rest.pop(0)
        partner = _partner(group, rest)
        paired.append(group if partner is None else _merged(group, rest.pop(partner)))
    return paired


def _merged(first: Group, second: Group) -> Group:
    qubits = sorted({qubit for group in (first, second) for qubit in group.qubits or ()})
    return Group(tuple(qubits), first.instructions + second.instructions)


def _partner(group: Group, later: Sequence[Group]) -> int | None:
    """Returns the place of the first block of one qubit next to the group's that can move ahead to it."""
    if group.qubits is None or len(group.qubits) > 1:
        return None
    for place, other in enumerate(later):
        if other.qubits is None or len(other.qubits) > 1 or abs(other.qubits[0] - group.qubits[0]) != 1:
            continue
        if not any(_meet(between.instructions, other.qubits) for between in later[:place]):
            return place
    return None


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
    indexed = tuple((channel, index.astype(np.int32)) for channel, index in channels)
    inverse = np.argsort(source).astype(np.int32)
    return Shuffle(source.astype(np.int32), inverse, sign.astype(np.float32), indexed)


def _everywhere(instruction: Instruction, qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sources and signs [4^Q] of a gate on all qubits."""
    assert not isinstance(instruction.name, int)
    permutation = paulis.signed_permutation(instruction.name)
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
