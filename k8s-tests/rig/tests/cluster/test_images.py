"""Each image of the shop starts under the strictest pod security and answers its health check, without any store."""

import json
from pathlib import Path

import pytest

from myclothes_rig import Rig, shop_images
from myclothes_rig.commands import succeeds
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

NAMESPACE = "rig-images"
HEALTHY_SECONDS = 120.0
INSIDE = ("-n", NAMESPACE)

DATABASE = {"HOSTS": "127.0.0.1:5432", "NAME": "test", "USER": "test"}
SERVICES = {
    "cart": (8081, {"CART_HOST": "0.0.0.0"}),
    "gateway": (8080, {"GATEWAY_HOST": "0.0.0.0", "GATEWAY_SIGNING_KEYS_FILE": "/keys/ring"}),
    "shop": (8083, {"SHOP_HOST": "0.0.0.0", **{f"SHOP_DATABASE_{key}": value for key, value in DATABASE.items()}}),
    "users": (8082, {"USERS_HOST": "0.0.0.0", **{f"USERS_DATABASE_{key}": value for key, value in DATABASE.items()}}),
}
POSTGRES = "initdb --pgdata /data/pg --auth trust && exec postgres -D /data/pg -c unix_socket_directories=/tmp"
RACE = Path(__file__).with_name("patroni_race.py")
STORES = {
    "valkey": (["valkey-server", "--dir", "/data"], ["valkey-cli", "ping"]),
    "postgres": (["bash", "-c", POSTGRES], ["pg_isready", "--host", "/tmp"]),
}


def pod(name: str, *, command: list[str] | None = None, env: dict[str, str] | None = None, probe: dict) -> str:
    container = {
        "name": "main",
        "image": shop_images.reference(name),
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "readinessProbe": {**probe, "periodSeconds": 1, "timeoutSeconds": 5},
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "data", "mountPath": "/data"},
            {"name": "keys", "mountPath": "/keys"},
        ],
    }
    if command:
        container["command"] = command
    spec = {
        "securityContext": {"runAsNonRoot": True, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 20,
        "containers": [container],
        "volumes": [
            {"name": "tmp", "emptyDir": {}},
            {"name": "data", "emptyDir": {}},
            {"name": "keys", "secret": {"secretName": "keys"}},
        ],
    }
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


@pytest.fixture(scope="module")
def namespace(rig: Rig):
    for name in shop_images.names():
        archive = shop_images.archive(rig.layout, name)
        assert archive.exists(), "build the images first: python -m myclothes_rig images"
        rig.load(archive)
    rig.kubectl("create", "namespace", NAMESPACE)
    rig.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    rig.kubectl(*INSIDE, "create", "secret", "generic", "keys", f"--from-literal=ring={'0123456789abcdef' * 4}")
    yield
    rig.kubectl("delete", "namespace", NAMESPACE, seconds=120)


def assert_healthy(rig: Rig, name: str) -> None:
    def ready() -> bool:
        return succeeds([*rig.cluster.command, *INSIDE, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=1s"])

    def diagnosis() -> str:
        return rig.kubectl(*INSIDE, "describe", "pod", name)[-2000:] + rig.kubectl(*INSIDE, "logs", name)

    wait_for(f"{name} to be healthy", ready, seconds=HEALTHY_SECONDS, diagnosis=diagnosis)


def assert_stops_cleanly(rig: Rig, name: str) -> None:
    """On SIGTERM process 1 ends by itself: killed at the end of its grace it would have taken that long."""
    rig.kubectl(*INSIDE, "delete", "pod", name, "--timeout=15s")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_answers_its_health_check(rig: Rig, namespace, name: str) -> None:
    port, env = SERVICES[name]
    probe = {"httpGet": {"path": "/livez", "port": port}}
    rig.kubectl(*INSIDE, "create", "-f", "-", stdin=pod(name, env=env, probe=probe))
    assert_healthy(rig, name)
    assert_stops_cleanly(rig, name)


@pytest.mark.parametrize("name", STORES)
def test_a_store_answers_its_health_check(rig: Rig, namespace, name: str) -> None:
    command, health = STORES[name]
    rig.kubectl(*INSIDE, "create", "-f", "-", stdin=pod(name, command=command, probe={"exec": {"command": health}}))
    assert_healthy(rig, name)
    assert_stops_cleanly(rig, name)


def test_patroni_takes_no_lock_that_somebody_else_has_taken_meanwhile(rig: Rig, namespace) -> None:
    """images/postgres/leader-lock.patch; without it the last line is `overwritten`."""
    command = ["sh", "-c", 'patroni --version && python3 -c "$RACE" && touch /tmp/played && exec sleep infinity']
    probe = {"exec": {"command": ["test", "-e", "/tmp/played"]}}
    env = {"RACE": RACE.read_text()}
    rig.kubectl(*INSIDE, "create", "-f", "-", stdin=pod("postgres", command=command, env=env, probe=probe))
    assert_healthy(rig, "postgres")
    version, *lines = rig.kubectl(*INSIDE, "logs", "postgres").splitlines()
    assert version.startswith("patroni 4.")
    assert lines[-1] == "left alone"


def test_the_operator_is_there_with_all_that_it_stands_on(rig: Rig, namespace) -> None:
    """It does not start without an account of the cluster, which no pod here has."""
    complete = "python -c 'import myclothes_operator.__main__' && touch /tmp/complete && exec sleep infinity"
    probe = {"exec": {"command": ["test", "-e", "/tmp/complete"]}}
    rig.kubectl(*INSIDE, "create", "-f", "-", stdin=pod("operator", command=["sh", "-c", complete], probe=probe))
    assert_healthy(rig, "operator")


def test_no_image_is_left_out() -> None:
    assert {*SERVICES, *STORES, "operator"} == set(shop_images.names())
