"""Studies beyond one process: Dask workers that die, and JAX's own runtime over several processes."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from jaxqkd.studies import runner
from tests import small
from tests.studies.test_runner import assert_same

STUDY = small.study()
ENVIRONMENT = {**os.environ, "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "1h"}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    directory = tmp_path_factory.mktemp("unbroken")
    subprocess.run([sys.executable, "-m", "tests.small", str(directory)], check=True, capture_output=True)
    return directory


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def scheduler(tmp_path):
    """A Dask scheduler with two workers on loopback, as its commands start them; gives the address and workers."""
    address = f"tcp://127.0.0.1:{free_port()}"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", address, "--no-dashboard"]
    processes = [subprocess.Popen(dask, stderr=subprocess.DEVNULL, env=ENVIRONMENT)]
    options = ["--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--no-dashboard"]
    options += ["--local-directory", str(tmp_path)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, *options]
    processes += [subprocess.Popen(worker, stderr=subprocess.DEVNULL, env=ENVIRONMENT) for _ in range(2)]
    yield address, processes[1:]
    for process in processes:
        process.kill()
        process.wait()


def test_dask_gives_a_dead_workers_blocks_to_another(unbroken, tmp_path, scheduler, monkeypatch, record_property):
    from distributed import Client

    address, workers = scheduler
    keep, kept = runner._keep, []

    def then_kill(*arguments):
        keep(*arguments)
        kept.append(1)
        if len(kept) == 5:
            workers[0].send_signal(signal.SIGKILL)

    monkeypatch.setattr(runner, "_keep", then_kill)
    with Client(address) as client:
        client.wait_for_workers(2, timeout=60)
        runner.run(STUDY, tmp_path / "out", executor=client.get_executor())
    assert workers[0].wait() == -signal.SIGKILL
    assert workers[1].poll() is None
    assert_same(unbroken, tmp_path / "out")
    record_property("faults", "1 of 2 Dask workers killed after 5 blocks: 20 of 20 blocks, the same bits")


def test_the_command_line_uses_the_workers_of_a_scheduler(tmp_path, scheduler):
    arguments = ["--seeds", "2", "--epochs", "3", "--students", "linear", "--readings", "logits"]
    options = ["--out", str(tmp_path / "out"), "--compile-cache", "off", "--dask", scheduler[0]]
    command = [sys.executable, "-m", "jaxqkd", "reproduce", *arguments, *options]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "0 of 4 runs diverged" in found.stdout
    assert len(list(tmp_path.glob("out/blocks/*.npz"))) == 1


PROCESS = """
import sys
import jax
jax.config.update("jax_num_cpu_devices", {devices})
if {processes} > 1:
    jax.distributed.initialize("127.0.0.1:{port}", {processes}, int(sys.argv[2]))
import jaxqkd as jq
from tests import small
assert jax.device_count() == {processes} * {devices}
jq.studies.run(small.study(), sys.argv[1])
print("done", jax.process_index())
"""


def joined(directory, processes, devices):
    text = PROCESS.format(processes=processes, devices=devices, port=free_port())
    started = [
        subprocess.Popen(
            [sys.executable, "-c", text, str(directory), str(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    told = [process.communicate(timeout=240) for process in started]
    assert [process.returncode for process in started] == [0] * processes, told
    return [out.splitlines()[-1] for out, _ in told]  # JAX says before it who is connected


def test_two_processes_in_one_jax_runtime_give_the_bits_of_one(tmp_path):
    assert joined(tmp_path / "two", 2, 2) == ["done 0", "done 1"]
    assert joined(tmp_path / "one", 1, 2) == ["done 0"]
    assert_same(tmp_path / "one", tmp_path / "two")
