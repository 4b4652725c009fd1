#!/bin/sh
#SBATCH --array=1-16 --cpus-per-task=8 --time=00:30:00
# The seed study as a job array: each job takes its share from Slurm's variables. Afterwards, one call of
# `jaxqkd reproduce --seeds 256 --out reproduce` does what is missing, if anything is, and presents the results.
exec jaxqkd reproduce --seeds 256 --out reproduce
