"""Nothing outlives the process that started it, as root and as an ordinary user."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from myclothes_stores.processes import exists, wait_until

START_SECONDS = 60.0
GONE_SECONDS = 20.0

PROGRAM = """
import sys, time
from myclothes_stores.postgres import PostgresServer
from myclothes_stores.processes import descendants
from myclothes_stores.valkey import ValkeyServer
valkey, postgres = ValkeyServer(), PostgresServer()
valkey.start(); postgres.start()
assert valkey.call("SET", "key", "value") and postgres.sql("SELECT 1") == [(1,)]
ids = [valkey.process.pid, postgres.process.pid, *descendants(postgres.process.pid)]
if "frozen" in sys.argv:
    valkey.freeze(); postgres.freeze()
print(*ids, flush=True)
if "end" not in sys.argv:
    time.sleep(600)
"""


@pytest.fixture
def start(tmp_path_factory):
    """Starts the program as oneself or as an ordinary user, and returns it with the ids of its stores' processes."""
    started = []

    def run(*arguments, ordinary=False):
        options = {}
        environment = os.environ | {"PYTHONPATH": ":".join(sys.path)}
        if ordinary and os.geteuid() == 0:
            home = tmp_path_factory.mktemp("home")
            shutil.chown(home, "nobody")
            environment |= {"HOME": str(home), "TMPDIR": tempfile.gettempdir()}
            # Interpreter and folder may lie where only root may enter: the right to pass through is kept.
            options = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
            options += ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
        program = subprocess.Popen(
            [*options, sys.executable, "-c", PROGRAM, *arguments], env=environment, stdout=subprocess.PIPE, text=True
        )
        started.append(program)
        ids = [int(word) for word in program.stdout.readline().split()]
        assert len(ids) > 2
        return program, ids

    yield run
    for program in started:
        program.kill()
        program.wait()
        program.stdout.close()


@pytest.mark.parametrize("ordinary", [False, True], ids=["self", "ordinary-user"])
@pytest.mark.parametrize("state", ["running", "frozen"])
def test_a_killed_parent_leaves_no_process(start, state, ordinary):
    program, ids = start(state, ordinary=ordinary)
    assert all(exists(pid) for pid in ids[:2])
    program.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(exists(pid) for pid in ids), GONE_SECONDS, what="without orphans")


def test_a_parent_that_ends_leaves_no_process(start):
    program, ids = start("end")
    assert program.wait(START_SECONDS) == 0
    wait_until(lambda: not any(exists(pid) for pid in ids), GONE_SECONDS, what="without orphans")
