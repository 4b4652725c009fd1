"""The durable study on MPI processes: mpiexec -n 9 python -m mpi4py.futures mpi_study.py DIRECTORY."""

import sys

from durable_study import study
from mpi4py.futures import MPIPoolExecutor

import jaxqkd as jq


def main(directory: str) -> None:
    """Computes the blocks on all processes but the first, which writes them."""
    with MPIPoolExecutor() as executor:
        jq.studies.run(study(), directory, executor=executor)


if __name__ == "__main__":
    main(*sys.argv[1:])
