"""The durable study on Dask workers: python dask_study.py tcp://scheduler:8786 DIRECTORY."""

import sys

from distributed import Client
from durable_study import study

import jaxqkd as jq


def main(address: str, directory: str) -> None:
    """Computes the blocks on the workers of a scheduler, which gives those of a dead worker to another."""
    with Client(address) as client:
        jq.studies.run(study(), directory, executor=client.get_executor(retries=3))


if __name__ == "__main__":
    main(*sys.argv[1:])
