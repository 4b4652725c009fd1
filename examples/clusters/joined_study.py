"""The durable study as one program over many machines: start it in every process of a TPU slice or Slurm job.

Elsewhere say who takes part: python joined_study.py DIRECTORY FIRST_HOST:PORT PROCESSES NUMBER.
"""

import sys

import jax
from durable_study import study

import jaxqkd as jq


def main(
    directory: str, address: str | None = None, processes: str | None = None, number: str | None = None
) -> None:
    """Joins the processes; `run` then shares the seeds over all their devices, and the first one writes."""
    if not address:
        jax.distributed.initialize()
    else:
        jax.distributed.initialize(address, int(processes), int(number))
    jq.studies.run(study(), directory)


if __name__ == "__main__":
    main(*sys.argv[1:])
