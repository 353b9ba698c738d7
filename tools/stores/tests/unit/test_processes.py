"""Processes are listed while they come and go."""

import subprocess
import threading

from myclothes_stores.processes import descendants

ENDED = 300


def test_grandchildren_are_found():
    shell = subprocess.Popen(
        ["sh", "-c", "sh -c 'cat; true'; true"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    try:
        shell.stdin.write(b"on\n")
        assert shell.stdout.readline() == b"on\n"  # the innermost process, cat, is what answers
        assert len(descendants(shell.pid)) == 2
    finally:
        shell.communicate(timeout=10)
    assert descendants(shell.pid) == []


def test_processes_that_end_meanwhile_are_no_error():
    done = threading.Event()
    failures = []

    def list_all_the_time():
        while not done.is_set():
            for pid in living:
                try:
                    descendants(pid)
                except OSError as error:
                    failures.append(error)

    living = []
    lister = threading.Thread(target=list_all_the_time)
    lister.start()
    for _ in range(ENDED):
        child = subprocess.Popen(["true"])
        living[:] = [child.pid]
        child.wait()
    done.set()
    lister.join()
    assert failures == []
