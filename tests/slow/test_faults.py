"""Faults that really happen: processes killed, disks that fill up, workers that vanish."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

import pytest

from jaxqkd.studies import blocks, missing, runner
from tests import small
from tests.studies.test_runner import assert_same, contents

TRIED = 20
STUDY = small.study()


def command(directory, pause=0.0):
    return [sys.executable, "-m", "tests.small", str(directory), str(pause)]


def start(directory, pause=0.0, **options):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen(command(directory, pause), **pipes)


def finish(directory):
    subprocess.run(command(directory), check=True, capture_output=True)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    directory = tmp_path_factory.mktemp("unbroken")
    finish(directory)
    return directory


def whole(directory):
    """Returns the numbers of the blocks under final names, all of which have to be undamaged."""
    found = sorted(directory.glob("blocks/*.npz"))
    assert all(blocks.is_whole(path, STUDY.id) for path in found)
    return {int(path.stem) for path in found}


def test_kill_9_at_random_moments_loses_one_block_at_most(unbroken, tmp_path, record_property):
    """Half of the processes are killed at any moment of their life, half in the middle of working and writing."""
    moments = random.Random(11)
    survived = 0
    for attempt in range(TRIED):
        before = whole(tmp_path)
        process = start(tmp_path)
        told = 0
        if attempt % 2:
            for _ in range(moments.randint(0, 1)):
                told += process.stdout.readline() == "kept\n"
            time.sleep(moments.uniform(0, 0.05))
        else:
            time.sleep(moments.uniform(0, 4))
        process.kill()
        told += process.communicate()[0].count("kept\n")
        assert before <= whole(tmp_path)
        assert len(whole(tmp_path)) - len(before) in (told, told + 1)  # a block is kept before it is told
        survived += 1
        if len(whole(tmp_path)) == 20:
            for path in tmp_path.glob("blocks/*.npz"):
                path.unlink()
    finish(tmp_path)
    assert_same(unbroken, tmp_path)
    record_property("faults", f"{TRIED} processes killed with SIGKILL, {survived} resumed to the same bits")


def test_three_processes_share_a_directory_and_one_may_die(unbroken, tmp_path, record_property):
    processes = [start(tmp_path, 0.02) for _ in range(3)]
    processes[0].stdout.readline()
    processes[0].kill()
    told = [process.communicate()[0].count("kept\n") for process in processes]
    assert [process.returncode for process in processes] == [-signal.SIGKILL, 0, 0]
    assert 20 <= 1 + sum(told) <= 22
    assert_same(unbroken, tmp_path)
    record_property("faults", "3 processes in one directory, 1 killed: 20 of 20 blocks, the same bits")


def test_a_killed_worker_of_a_pool_costs_no_finished_block(unbroken, tmp_path, record_property):
    with (
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
        pytest.raises(BrokenProcessPool),
        killed_after_a_block(tmp_path, pool),
    ):
        runner.run(STUDY, tmp_path, executor=pool)
    kept = whole(tmp_path)
    assert 0 < len(kept) < 20
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        runner.run(STUDY, tmp_path, executor=pool)
    assert_same(unbroken, tmp_path)
    record_property("faults", f"1 of 2 workers killed after {len(kept)} blocks; 1 worker went on to the same bits")


@contextmanager
def killed_after_a_block(directory, pool):
    """Kills a worker of the pool as soon as the first block is kept."""
    keep = runner._keep

    def then_kill(*arguments):
        keep(*arguments)
        os.kill(next(iter(pool._processes)), signal.SIGKILL)
        runner._keep = keep

    runner._keep = then_kill
    try:
        yield
    finally:
        runner._keep = keep


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_keeps_what_is_done_and_says_how_to_go_on(tmp_path, number, record_property):
    arguments = ["run", "payoff", "--seeds", "200", "--students", "linear", "--out", str(tmp_path / "out")]
    # a shell's background jobs, such as these tests may be, ignore SIGINT, and their children with them
    main = "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(main(sys.argv[1:]))"
    script = f"import signal, sys; from jaxqkd.cli import main; {main}"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments, "--compile-cache", "off"], stderr=subprocess.PIPE, text=True
    )
    while not list((tmp_path / "out").glob("blocks/*.npz")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    told = process.communicate()[1]
    assert process.returncode == 128 + number
    kept = len(list((tmp_path / "out").glob("blocks/*.npz")))
    assert f"interrupted; {kept} of " in told
    assert "The same command goes on from there." in told
    record_property("faults", f"1 command stopped by {number.name}, {kept} blocks kept")


def test_a_disk_that_takes_nothing_is_told_in_the_first_second(tmp_path):
    out = tmp_path / "out"
    limited = ["bash", "-c", 'ulimit -f 512 && exec "$@"', "bash", *command(out)]
    process = subprocess.run(limited, capture_output=True, text=True, check=False)
    error = process.stderr
    assert process.returncode == 1
    assert "OSError: [Errno 27] File too large" in error
    assert str(out) in error.splitlines()[-1]
    assert not list(out.rglob("*.npz*"))


@contextmanager
def tiny_disk(path, size):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_disk_that_fills_up_keeps_what_is_done(unbroken, tmp_path, record_property):
    with tiny_disk(tmp_path, "6m"):
        process = start(tmp_path / "out")
        error = process.communicate()[1]
        assert process.returncode == 1
        assert "OSError: [Errno 28] No space left on device" in error
        assert str(tmp_path / "out" / "blocks") in error.splitlines()[-1]
        kept = whole(tmp_path / "out")
        assert 0 < len(kept) < 20
        assert not list(tmp_path.rglob("*.partial"))
        subprocess.run(["mount", "-o", "remount,size=64m", str(tmp_path)], check=True)
        finish(tmp_path / "out")
        assert_same(unbroken, tmp_path / "out")
    record_property("faults", f"1 disk filled up after {len(kept)} blocks; resumed to the same bits")


@pytest.mark.parametrize("place", ["a file", "read-only"])
def test_a_directory_that_cannot_be_written_is_named(tmp_path, place):
    if place == "a file":
        (tmp_path / "taken").write_text("")
        out = tmp_path / "taken" / "out"
    else:
        out = tmp_path / "locked"
        out.mkdir(mode=0o555)
        if os.access(out, os.W_OK):
            pytest.skip("this user may write everywhere")
    with pytest.raises(OSError, match=r"taken|locked"):
        runner.run(STUDY, out)


def test_all_bits_are_the_same_on_any_number_of_devices(unbroken, tmp_path):
    """This process has four devices, the unbroken run one."""
    runner.run(STUDY, tmp_path)
    assert contents(tmp_path).keys() == contents(unbroken).keys()
    assert missing(STUDY, tmp_path) == []
    assert_same(unbroken, tmp_path)
