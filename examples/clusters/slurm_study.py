"""The durable study on Slurm, a job a block, by submitit: python slurm_study.py DIRECTORY [local]."""

import sys

import submitit
from durable_study import study

import jaxqkd as jq


def main(directory: str, cluster: str = "slurm") -> None:
    """Submits a job for each block, and writes what comes back."""
    executor = submitit.AutoExecutor(folder=f"{directory}-jobs", cluster=cluster)
    executor.update_parameters(timeout_min=60, cpus_per_task=2)
    jq.studies.run(study(), directory, executor=executor)


if __name__ == "__main__":
    main(*sys.argv[1:])
