"""Every edge of the picture is open, and every other ordered pair of components is closed, seen from inside the pods.

`myclothes_cluster/edges.py` is the picture. Each denial stands beside its controls: the port listens (its own pod
reaches it), the client reaches what it may, and a pod without policies reaches what lies outside. Either end of each
policy is seen alone too: a stranger that may send anything gets in nowhere, one that takes anything in hears nothing.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import helm_python as helm
import pytest
import yaml

from myclothes_cluster import Pods, Release
from myclothes_cluster.edges import API_CLIENTS, EDGES, INGRESS_EDGES, JOB_EDGES, PORTS, allowed
from myclothes_cluster.release import CHART, merged
from myclothes_rig import Rig
from myclothes_rig.outside import INTERNET_ADDRESS, METADATA_ADDRESS, PORT
from myclothes_rig.waiting import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.harmless, pytest.mark.timeout(600)]

# Opens all connections at once; a refused one is silent until the time-out, an open one may need a second SYN, and on a
# busy machine a second look.
PROBE = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def opens(place):
    for _ in range(2):
        try:
            socket.create_connection(place, 3).close()
        except OSError:
            continue
        return True
    return False
places = [tuple(place) for place in json.loads(sys.argv[1])]
print(json.dumps(list(ThreadPoolExecutor(64).map(opens, places))))
"""
SERVE = "import socket\nserver = socket.create_server(('', 8080), backlog=64)\nwhile True: server.accept()[0].close()"
NO_CLUSTER = {"kubernetesApi": {"cidrs": ["192.0.2.1/32"]}}
"""What is asked of the cluster, and must be named when the chart is rendered without one."""
STRANGER_PORT = 8080
STRANGERS = "strangers"
STAND_IN = "myclothes.dev/stand-in"
STARTED_SECONDS = 60.0
PROBES_AT_A_TIME = 6

Place = tuple[str, int]
"""A component, or what else there is, and a port of it."""


@dataclass
class World:
    """Who can be reached where, and what each client reached: a list, one an address, by client and place."""

    places: dict[Place, list[str]] = field(default_factory=dict)
    own: dict[str, set[Place]] = field(default_factory=dict)
    reached: dict[str, dict[Place, list[bool]]] = field(default_factory=dict)


def probe(pods: Pods, pod: str, places: dict[Place, list[str]]) -> dict[Place, list[bool]]:
    """What a program in a pod reaches."""
    flat = [(place, address) for place, addresses in places.items() for address in addresses]
    wanted = json.dumps([(address, port) for (_, port), address in flat])
    answer = json.loads(pods.run(pod, "python3", "-c", PROBE, wanted, seconds=60))
    found: dict[Place, list[bool]] = {place: [] for place in places}
    for (place, _), opened in zip(flat, answer, strict=True):
        found[place].append(opened)
    return found


def manifest(release: Release, name: str, labels: dict[str, str], **metadata: object) -> str:
    """A pod of the strictest kind that listens on a port and never says it is ready, so that no Service sends to it."""
    spec = release.pods.get("pod", release.pods.serving("gateway")[0].name)["spec"]
    container = {
        "name": "main",
        "image": spec["containers"][0]["image"],
        "imagePullPolicy": spec["containers"][0]["imagePullPolicy"],
        "command": ["python", "-c", SERVE],
        "securityContext": spec["containers"][0]["securityContext"],
        "readinessProbe": {"exec": {"command": ["false"]}, "periodSeconds": 3600},
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}},
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": labels, **metadata},
            "spec": {
                "securityContext": spec["securityContext"],
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": 0,
                "containers": [container],
            },
        }
    )


def job_labels(release: Release) -> dict[str, dict[str, str]]:
    """The labels of the pods of every job and of `helm test`, by component, as the chart makes them for an install."""
    owners = ("gateway", "cart", "users", "shop", "valkey", "postgres", "operator")
    outside = {name: {"existingSecret": name} for name in owners}
    jobs = {"feed": {"enabled": True, "volume": {"emptyDir": {}}}, "ledger": {"enabled": True}}
    values = merged(release.values(), {**outside, **jobs, "networkPolicy": NO_CLUSTER})
    found = {}
    for text in helm.Chart.load(str(CHART)).render(values, name=release.name, namespace=release.namespace).values():
        for one in yaml.safe_load_all(text) if "kind:" in text else ():
            match one and one["kind"]:
                case "Pod":
                    pod = one
                case "Job":
                    pod = one["spec"]["template"]
                case "CronJob":
                    pod = one["spec"]["jobTemplate"]["spec"]["template"]
                case _:
                    continue
            labels = pod["metadata"]["labels"]
            found[labels["app.kubernetes.io/component"]] = labels
    return found


@pytest.fixture(scope="module")
def stand_ins(release: Release) -> Iterator[dict[str, tuple[Pods, str]]]:
    """Pods that stand for those that cannot be asked: jobs, the ingress controller, two strangers elsewhere."""
    peer = release.values()["networkPolicy"]["ingressController"]["peers"][0]
    system = Pods(release.target.cluster, peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])
    elsewhere = Pods(release.target.cluster, STRANGERS)
    clear(release.pods, system, elsewhere)
    try:
        made = stand_in(release, system, elsewhere)

        def all_run() -> bool:
            running = {
                (pods.namespace, item["metadata"]["name"])
                for pods in (release.pods, system, elsewhere)
                for item in pods.get("pods")["items"]
                if item["status"].get("phase") == "Running"
            }
            return {(pods.namespace, pod) for pods, pod in made.values()} <= running

        wait_for("the stand-ins to run", all_run, seconds=STARTED_SECONDS, poll=1.0)
        yield made
    finally:
        clear(release.pods, system, elsewhere)


def stand_in(release: Release, system: Pods, elsewhere: Pods) -> dict[str, tuple[Pods, str]]:
    """Create the pods; by whom they stand for, the namespace and the name of each."""
    made: dict[str, tuple[Pods, str]] = {}

    def create(pods: Pods, who: str, labels: dict[str, str], **metadata: object) -> None:
        labels = {**labels, STAND_IN: "yes"}
        pods.kubectl("create", "-f", "-", stdin=manifest(release, f"stand-in-{who}", labels, **metadata))
        made[who] = (pods, f"stand-in-{who}")

    elsewhere.cluster.kubectl("create", "namespace", STRANGERS)
    for who in ("stranger", "listener"):
        create(elsewhere, who, {"app": who})
    labels_of = job_labels(release)
    assert set(labels_of) == set(JOB_EDGES), "edges.py and the chart name the same jobs"
    for job, labels in labels_of.items():
        create(release.pods, job, labels)
    # with an owner, or the controller's own DaemonSet would take the pod for its own
    owner = system.get("configmap", "kube-root-ca.crt")["metadata"]
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": owner["name"],
        "uid": owner["uid"],
        "controller": True,
    }
    peer = release.values()["networkPolicy"]["ingressController"]["peers"][0]
    create(system, "ingress", peer["podSelector"]["matchLabels"], ownerReferences=[reference])
    return made


def clear(*namespaces: Pods) -> None:
    """No stand-in is left, of an interrupted run neither."""
    for pods in namespaces:
        pods.kubectl("delete", "pods", "-l", STAND_IN, "--ignore-not-found")
    namespaces[0].cluster.kubectl("delete", "namespace", STRANGERS, "--ignore-not-found", seconds=STARTED_SECONDS)


@pytest.fixture(scope="module")
def outside(rig: Rig) -> Iterator[None]:
    """An address of the internet and the metadata address answer."""
    with rig.outside():
        yield


@pytest.fixture(scope="module")
def world(release: Release, stand_ins, request: pytest.FixtureRequest) -> World:
    """Every client asked for every place, once."""
    world = World()
    clients = dict(stand_ins)
    for component, ports in PORTS.items():
        pods = release.pods.serving(component)
        clients[component] = (release.pods, pods[-1].name)  # the last asks the others, of its own kind too
        for port in ports:
            world.places[component, port] = [pod.address for pod in pods[:2]]
    for name in ("stranger", "listener"):
        pods, pod = stand_ins[name]
        world.places[name, STRANGER_PORT] = [pods.get("pod", pod)["status"]["podIP"]]
    cluster = Pods(release.target.cluster, "default")
    service = cluster.get("service", "kubernetes")["spec"]
    world.places["api", service["ports"][0]["port"]] = [service["clusterIP"]]
    for subset in cluster.get("endpoints", "kubernetes")["subsets"]:
        world.places["api", subset["ports"][0]["port"]] = [one["ip"] for one in subset["addresses"]]
    dns = Pods(release.target.cluster, "kube-system").get("service", "kube-dns")["spec"]
    world.places["dns", 53] = [dns["clusterIP"]]
    rig: Rig | None = release.target.rig
    if rig is not None:
        request.getfixturevalue("outside")
        world.places["internet", PORT] = [INTERNET_ADDRESS]
        world.places["metadata", PORT] = [METADATA_ADDRESS]

    def ask(client: str) -> None:
        pods, pod = clients[client]
        own = pods.get("pod", pod)["status"]["podIP"]
        places = {
            place: [address for address in addresses if address != own] for place, addresses in world.places.items()
        }
        world.reached[client] = probe(pods, pod, {place: found for place, found in places.items() if found})
        listening = {(client, port): ["127.0.0.1"] for port in PORTS.get(client, ())}
        world.own[client] = {place for place, (opened,) in probe(pods, pod, listening).items() if opened}

    with ThreadPoolExecutor(PROBES_AT_A_TIME) as pool:
        list(pool.map(ask, clients))
    return world


def opened(world: World, client: str, *, but: set[Place]) -> set[Place]:
    """The places that a client reached at any address, DNS and those in `but` aside."""
    return {place for place, found in world.reached[client].items() if any(found)} - but - {("dns", 53)}


def test_each_port_listens(world: World) -> None:
    for component, ports in PORTS.items():
        assert world.own[component] == {(component, port) for port in ports}


@pytest.mark.parametrize(
    ("client", "server", "port"),
    [(client, *place) for client in (*EDGES, *JOB_EDGES) for place in sorted(allowed(client))],
)
def test_an_edge_is_open(world: World, client: str, server: str, port: int) -> None:
    assert all(world.reached[client][server, port])


@pytest.mark.parametrize("client", [*EDGES, *JOB_EDGES])
def test_nothing_else_is_reached_by(world: World, client: str) -> None:
    api = {place for place in world.places if place[0] == "api"}
    assert opened(world, client, but=allowed(client) | (api if client in API_CLIENTS else set())) == set()


@pytest.mark.parametrize("client", [*EDGES, *JOB_EDGES])
def test_names_are_found_by(world: World, client: str) -> None:
    assert all(world.reached[client]["dns", 53])


def test_who_needs_the_kubernetes_api_reaches_it(world: World) -> None:
    for client in API_CLIENTS:
        assert all(all(found) for (place, _), found in world.reached[client].items() if place == "api")


def test_the_ingress_controller_reaches_the_gateway_and_nothing_else(world: World) -> None:
    may = {(server, port) for server, ports in INGRESS_EDGES.items() for port in ports}
    shop = {place for place in world.places if place[0] in PORTS}
    assert {place for place in shop if any(world.reached["ingress"][place])} == may


def test_a_stranger_that_may_send_anything_gets_in_nowhere(world: World) -> None:
    reached = world.reached["stranger"]
    elsewhere = {place for place in world.places if place[0] not in PORTS and place[0] != "stranger"}
    assert all(all(reached[place]) for place in elsewhere), "the control: the stranger may send"
    assert {place for place in world.places if place[0] in PORTS and any(reached[place])} == set()


def test_a_stranger_that_takes_anything_in_hears_nothing(world: World) -> None:
    assert world.reached["stranger"]["listener", STRANGER_PORT] == [True], "the control: it listens"
    for client in (*EDGES, *JOB_EDGES):
        assert world.reached[client]["listener", STRANGER_PORT] == [False], client


@pytest.mark.parametrize("place", ["internet", "metadata"])
def test_nobody_reaches(rig: Rig, world: World, place: str) -> None:
    assert world.reached["stranger"][place, PORT] == [True], "the control: without policies it is reached"
    for client in (*EDGES, *JOB_EDGES):
        assert world.reached[client][place, PORT] == [False], client
