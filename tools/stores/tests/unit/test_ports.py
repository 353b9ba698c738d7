import subprocess
import sys

import pytest

from myclothes_stores import ports

OTHER = "from myclothes_stores import ports; print(ports.free_port(), flush=True); input()"


def test_a_port_is_given_to_one_process_at_a_time(monkeypatch):
    other = subprocess.Popen([sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = int(other.stdout.readline())
    monkeypatch.setattr(ports, "_PORTS", range(port, port + 1))
    with pytest.raises(OSError, match="no free port"):
        ports.free_port()
    other.communicate("\n")
    assert ports.free_port() == port
    with pytest.raises(OSError, match="no free port"):
        ports.free_port()
