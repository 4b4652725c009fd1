"""Transfer matrices: matrices and factors of fused steps in the Pauli basis, and vectors multiplied by them."""

import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.quantum import paulis
from jaxqkd.quantum.noise.schedule import Instruction, row_of
from jaxqkd.quantum.simulators.pauli.fusion import Block, Shuffle, Step

Factors = list[jax.Array]


def factors(steps: Sequence[Step], theta: jax.Array, x: jax.Array, channels: Factors) -> Factors:
    """Returns what each step multiplies by: a block's matrix [4^k, 4^k], a shuffle's factors [4^Q].

    Blocks of like instructions are computed together.
    """
    by_place: dict[int, jax.Array] = {}
    alike: dict[tuple, dict[int, Block]] = {}
    for place, step in enumerate(steps):
        if isinstance(step, Shuffle):
            by_place[place] = _scales(step, channels)
        else:
            alike.setdefault(_pattern(step), {})[place] = step
    for blocks in alike.values():
        by_place |= dict(zip(blocks, _blocks([*blocks.values()], theta, x, channels), strict=True))
    return [by_place[place] for place in range(len(steps))]


def apply(step: Step, factor: jax.Array, vectors: jax.Array, qubits: int) -> jax.Array:
    """Returns vectors [K, 4^Q] of states after a step."""
    if isinstance(step, Shuffle):
        return factor[None] * _permuted(step.source, step.inverse)(vectors)
    return paulis.apply(factor, step.qubits, vectors, qubits)


def apply_transpose(step: Step, factor: jax.Array, vectors: jax.Array, qubits: int) -> jax.Array:
    """Returns vectors [K, 4^Q] of observables before a step that had the given ones after it."""
    if isinstance(step, Shuffle):
        return _permuted(step.inverse, step.source)(factor[None] * vectors)
    return paulis.apply(factor.T, step.qubits, vectors, qubits)


def _scales(step: Shuffle, channels: Factors) -> jax.Array:
    scales = jnp.asarray(step.sign, channels[0].dtype)
    for instruction, index in step.channels:
        assert isinstance(instruction.name, int)
        channel = channels[instruction.name]
        own = row_of(instruction)
        scales = scales * (channel if own is None else channel[own])[index]
    return scales


def _pattern(step: Block) -> tuple:
    return len(step.qubits), *(
        (instruction.name, _local(step, instruction), instruction.is_driven) for instruction in step.instructions
    )


def _local(step: Block, instruction: Instruction) -> tuple[int, ...]:
    return tuple(step.qubits.index(qubit) for qubit in instruction.qubits)


def _blocks(blocks: Sequence[Block], theta: jax.Array, x: jax.Array, channels: Factors) -> jax.Array:
    """Returns the matrices [blocks, 4^k, 4^k] of blocks of one pattern."""
    corresponding = zip(*(block.instructions for block in blocks), strict=True)
    inputs = [_inputs(instructions, theta, x, channels) for instructions in corresponding]
    return jax.vmap(functools.partial(_block, blocks[0]))(inputs)


def _inputs(instructions: Sequence[Instruction], theta: jax.Array, x: jax.Array, channels: Factors) -> jax.Array:
    """Returns what n instructions, alike but for qubits and angles, depend on: channels [n, ...] or angles [n].

    Gates without an angle depend on nothing, an array [n, 0].
    """
    first, count = instructions[0], len(instructions)
    if isinstance(first.name, int):
        channel = channels[first.name]
        if row_of(first) is None:
            return jnp.broadcast_to(channel, (count, *channel.shape))
        return channel[np.asarray([row_of(instruction) for instruction in instructions], np.int32)]
    if first.angle is None:
        return jnp.zeros((count, 0), theta.dtype)
    angles = x if first.is_driven else theta
    return angles[np.asarray([instruction.angle for instruction in instructions], np.int32)]


def _block(block: Block, inputs: Factors) -> jax.Array:
    """Returns the matrix of one block, given the angle or the channel of each of its instructions.

    Instructions on one qubit are multiplied as matrices [4, 4] until one on several qubits follows.
    """
    qubits = len(block.qubits)
    one = jnp.eye(4, dtype=inputs[0].dtype)
    single, whole = [one] * qubits, None
    for instruction, value in zip(block.instructions, inputs, strict=True):
        matrix, where = _matrix(instruction, value), _local(block, instruction)
        if len(where) == 1:
            single[where[0]] = _product(matrix, single[where[0]])
        else:
            whole = paulis.apply(matrix, where, _after(single, whole).T, qubits).T
            single = [one] * qubits
    return _after(single, whole)


def _matrix(instruction: Instruction, value: jax.Array) -> jax.Array:
    """Returns the matrix [4^k, 4^k] of an instruction, given its channel or its angle."""
    if isinstance(instruction.name, int):
        return value if value.ndim == 2 else jnp.diag(value)
    return paulis.transfer(instruction.name, None if instruction.angle is None else value).astype(value.dtype)


def _after(single: Sequence[jax.Array], whole: jax.Array | None) -> jax.Array:
    """Returns the matrix of all qubits followed by a matrix [4, 4] on each."""
    local = functools.reduce(jnp.kron, single)
    return local if whole is None else jnp.matmul(local, whole, precision=paulis.PRECISION)


def _product(left: jax.Array, right: jax.Array) -> jax.Array:
    """Returns the product of two matrices [4, 4] as a sum, which is faster for a batch of small matrices."""
    return functools.reduce(jnp.add, [left[:, k : k + 1] * right[k : k + 1] for k in range(4)])


def _permuted(source: np.ndarray, inverse: np.ndarray) -> Callable[[jax.Array], jax.Array]:
    """Returns the function that gathers vectors [K, 4^Q] from the source; its gradient is a gather as well.

    The gradient of JAX's own gather is a scatter, which is slow.
    """

    @jax.custom_vjp
    def gather(vectors: jax.Array) -> jax.Array:
        return vectors[:, source]

    gather.defvjp(lambda vectors: (vectors[:, source], None), lambda _, slope: (slope[:, inverse],))
    return gather
