"""Every fault of the rig's campaign is done to a pod, container, volume or zone that is there, and taken back."""

import json
import re
from collections import Counter
from types import SimpleNamespace

import pytest
import yaml
from rendering import NAMESPACE, of_kind, pod_specs, render

from myclothes_campaign import GroundError, Part
from myclothes_campaign.faults import survivable
from myclothes_cluster import campaign
from myclothes_cluster.pods import ZONE_LABEL, Pods
from myclothes_cluster.release import VALUES_FILE, merged
from myclothes_rig.errors import CommandError, RigError
from myclothes_rig.faults import Container, Volume, Zone
from myclothes_rig.layout import ZONES

LEADERS = {"valkey": "shop-myclothes-valkey-1", "postgres": "shop-myclothes-postgres-2"}
DONE_AT_ONCE = {"everything killed"}
"""Done at once, but taken back: nobody else starts a machine."""


@pytest.fixture(scope="module")
def manifests():
    values = merged(yaml.safe_load(VALUES_FILE.read_text()), {"gateway": {"publicOrigin": "http://198.18.0.1:30080"}})
    return render(values)


class Cluster:
    """kubectl on a cluster that runs the chart's pods, one after the other on the zones' nodes."""

    def __init__(self, manifests):
        self.deeds = []
        self.pods = {}
        least = {
            one["spec"]["scaleTargetRef"]["name"]: one["spec"]["minReplicas"]
            for one in of_kind(manifests, "HorizontalPodAutoscaler").values()
        }
        workloads = {**of_kind(manifests, "Deployment"), **of_kind(manifests, "StatefulSet")}
        templates = dict(pod_specs(manifests))
        for name, workload in workloads.items():
            replicas = workload["spec"].get("replicas") or least[name]
            for number, node in zip(range(replicas), ZONES.values(), strict=False):
                template = templates[f"{workload['kind']}/{name}"]
                self.pods[f"{name}-{number}"] = {
                    "metadata": {"name": f"{name}-{number}", "uid": "0", "labels": template["metadata"]["labels"]},
                    "spec": {**template["spec"], "nodeName": node.node},
                    "status": {
                        "conditions": [{"type": "Ready", "status": "True"}],
                        "containerStatuses": [
                            {"name": one["name"], "restartCount": 0} for one in template["spec"]["containers"]
                        ],
                    },
                }
        lead = {"name": "shop-myclothes-postgres-leader", "annotations": {"leader": LEADERS["postgres"]}}
        self.objects = {
            "services": [
                {"metadata": {"name": name}, "spec": {"clusterIP": f"198.18.64.{number}"}}
                for number, name in enumerate(of_kind(manifests, "Service"), 20)
            ],
            "configmaps": [{"metadata": lead}],
        }
        self.claims = {
            (name, claim["metadata"]["name"])
            for name, workload in of_kind(manifests, "StatefulSet").items()
            for claim in workload["spec"]["volumeClaimTemplates"]
        }

    def kubectl(self, *words, **_):
        match words:
            case (_, "kube-system", "get", "pods", "-l", "k8s-app=kube-dns", *_):
                return "pod/coredns-0\npod/coredns-1\n"
            case (_, "kube-system", "delete", pod, *_):
                self.deeds.append(f"delete {pod}")
                return ""
            case ("get", "nodes", *_):
                return _listed({"metadata": {"name": z.node, "labels": {ZONE_LABEL: z.node}}} for z in ZONES.values())
            case ("-n", namespace, *rest):
                assert namespace == NAMESPACE
                return self._inside(*rest)
        raise AssertionError(words)

    def _inside(self, *words):
        match words:
            case ("get", *what):
                return self._seen(*what)
            case ("exec", pod, "-c", container, "--", *program):
                self.must_have(pod, container)
                if program[0] == "valkey-cli":
                    return f"{self._address(LEADERS['valkey'])}\n6379\n"
                self.deeds.append(f"{pod} does {' '.join(program)}")
            case ("delete", "pod", *pods):
                for pod in self.pods.keys() & pods:
                    self.pods[pod]["metadata"]["uid"] += "0"
                self.deeds.append(" ".join(words))
            case ("logs", *_):
                self.deeds.append(" ".join(words))
            case other:
                assert other[0] == "describe", words
        return ""

    def _seen(self, *words):
        match words:
            case ("pods", "-l", selector, *_):
                key, value = selector.split("=")
                return _listed(pod for pod in self.pods.values() if pod["metadata"]["labels"].get(key) == value)
            case ("pods", "-o", "json"):
                return _listed(self.pods.values())
            case ("pod", pod, "-o", "json"):
                return json.dumps(self.pods[pod])
            case ("pod", pod, *_):
                return self.pods[pod]["metadata"]["uid"]
            case ("services" | "configmaps" as kind, "-o", "json"):
                return _listed(self.objects[kind])
        return ""

    def _address(self, service):
        services = {one["metadata"]["name"]: one["spec"]["clusterIP"] for one in self.objects["services"]}
        return services[service]

    def must_have(self, pod, container):
        if pod not in self.pods or container not in {one["name"] for one in self.pods[pod]["spec"]["containers"]}:
            raise CommandError(f"no container {container} in {pod}")


class Noted:
    """Something of the rig's that notes what is done to it, if the rig can do that."""

    def __init__(self, what, kind, cluster):
        self._what, self._kind, self._cluster = what, kind, cluster

    def __getattr__(self, deed):
        assert callable(getattr(self._kind, deed, None)), f"no {deed} of {self._kind}"
        return lambda: self._cluster.deeds.append(f"{deed} {self._what}")


class NotedContainer(Noted):
    """A container: its freeze gives the thaw."""

    def freeze(self):
        self.__getattr__("freeze")()
        return self.thaw


class Rig:
    def __init__(self, cluster):
        self._cluster = cluster

    def zone(self, letter):
        assert letter in ZONES
        return Noted(f"zone {letter}", Zone, self._cluster)

    def container(self, namespace, pod, container):
        assert namespace == NAMESPACE
        self._cluster.must_have(pod, container)
        return NotedContainer(f"{container} of {pod}", Container, self._cluster)

    def volume(self, namespace, pod, volume):
        assert namespace == NAMESPACE
        if (re.sub(r"-\d+$", "", pod), volume) not in self._cluster.claims:
            raise RigError(f"no volume {volume} of {pod}")
        return Noted(f"{volume} of {pod}", Volume, self._cluster)


class Target:
    def __init__(self, rig):
        self.cluster = rig._cluster

    def mend(self, letter):
        self.cluster.deeds.append(f"mend zone {letter}")


class Release:
    namespace = NAMESPACE

    def __init__(self, target):
        self.target = target
        self.pods = Pods(target.cluster, NAMESPACE)


@pytest.fixture
def cluster(manifests):
    return Cluster(manifests)


@pytest.fixture
def ground(cluster, monkeypatch, tmp_path):
    monkeypatch.setattr(campaign, "Rig", lambda: Rig(cluster))
    monkeypatch.setattr(campaign, "RigTarget", Target)
    monkeypatch.setattr(campaign, "Release", Release)
    return campaign.RigGround(tmp_path)


def _listed(items):
    return json.dumps({"items": list(items)})


def kind_called(ground, name):
    return next(kind for kind in ground.kinds if kind.name == name)


def test_each_kind_with_each_choice_has_a_victim_of_its_own_and_an_end(ground, cluster):
    for kind in ground.kinds:
        victims = set()
        for choice in range(kind.choices):
            cluster.deeds.clear()
            mend = ground.inflict(Part(kind, kind.longest, choice))
            begun = tuple(cluster.deeds)
            mend()
            assert (len(cluster.deeds) > len(begun)) == (kind.longest > 0 or kind.name in DONE_AT_ONCE), kind
            victims.add(begun)
        assert () not in victims, kind
        assert len(victims) == kind.choices, kind


def test_the_names_of_the_kinds_differ(ground):
    assert set(Counter(kind.name for kind in ground.kinds).values()) == {1}


@pytest.mark.parametrize(
    ("name", "deeds"),
    [
        (
            "valkey primary frozen",
            ["freeze valkey of shop-myclothes-valkey-1", "thaw valkey of shop-myclothes-valkey-1"],
        ),
        (
            "postgres primary's disk full",
            ["fill data of shop-myclothes-postgres-2", "free data of shop-myclothes-postgres-2"],
        ),
        ("zone killed", ["kill zone b", "mend zone b"]),
        ("dns deleted", ["delete pod/coredns-0"]),
    ],
)
def test_what_is_named_is_done(ground, cluster, name, deeds):
    ground.inflict(Part(kind_called(ground, name)))()
    assert cluster.deeds == deeds


def test_a_hand_over_is_what_the_chart_has_a_pod_do_before_it_stops(ground, cluster):
    (container,) = cluster.pods[LEADERS["postgres"]]["spec"]["containers"]
    *_, script = container["lifecycle"]["preStop"]["exec"]["command"]
    _, before = script.split("exec ")  # after the wait for a calm moment
    ground.inflict(Part(kind_called(ground, "postgres primary handed over")))
    assert cluster.deeds == [f"{LEADERS['postgres']} does {before}"]


def test_nothing_else_is_drawn_together_with_a_zone(ground):
    zones = [kind for kind in ground.kinds if kind.is_zone]
    assert zones
    assert not [(zone, kind) for zone in zones for kind in ground.kinds if survivable([zone, kind])]
    assert survivable([kind_called(ground, "dns deleted"), kind_called(ground, "operator killed")])


def test_a_container_that_the_chart_does_not_have_is_no_fault(ground, cluster):
    kind = kind_called(ground, "keeper frozen")
    ground.inflict(Part(kind))
    for pod in cluster.pods.values():
        pod["spec"]["containers"] = [one for one in pod["spec"]["containers"] if one["name"] != "keeper"]
    with pytest.raises(GroundError, match="no container keeper"):
        ground.inflict(Part(kind))


def test_logs_are_kept_from_before_the_last_fault_on(ground, cluster, tmp_path, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(campaign, "time", SimpleNamespace(monotonic=lambda: now))
    ground.keep(tmp_path)
    assert all("--tail=" in deed for deed in cluster.deeds)
    ground.inflict(Part(kind_called(ground, "gateway killed")))
    now += 300.0
    cluster.deeds.clear()
    ground.keep(tmp_path)
    assert cluster.deeds
    assert all(deed.endswith(" --since=360s") for deed in cluster.deeds)
