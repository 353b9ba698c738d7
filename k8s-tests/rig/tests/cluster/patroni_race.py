"""Run with the image's Patroni: while it makes up its mind, another takes the lock and a request is answered.

Its view of the Kubernetes API is played here: one object that takes an update only with its newest version.
"""

from types import SimpleNamespace

from patroni.dcs import kubernetes
from patroni.postgresql.mpp import get_mpp

LEADER = "shop-leader"
HELD = {"ttl": "20", "renewTime": "now", "acquireTime": "now", "transitions": "1"}


class Api:
    use_endpoints = False

    def __init__(self, *_):
        self.lead(leader="gone", version="1")

    def lead(self, leader, version):
        metadata = SimpleNamespace(annotations={**HELD, "leader": leader}, resource_version=version, labels={})
        self.object = SimpleNamespace(metadata=metadata)

    def patch_namespaced_kind(self, _name, _namespace, body, **_):
        if body.metadata.resource_version != self.object.metadata.resource_version:
            raise kubernetes.k8s_client.rest.ApiException(status=409, reason="Conflict")
        self.lead(body.metadata.annotations["leader"], "3")
        return self.object

    def read_namespaced_kind(self, *_, **__):
        return self.object

    def __getattr__(self, _name):
        return lambda *_, **__: None


class Cache:
    """As fresh as the API itself."""

    def __init__(self, dcs, *_):
        self._dcs = dcs

    def get(self, name):
        return self.copy().get(name)

    def copy(self):
        return {LEADER: self._dcs._api.object} if self is self._dcs._kinds else {}

    def is_ready(self):
        return True

    def set(self, *_):
        pass

    def kill_stream(self):
        pass


kubernetes.k8s_config.load_incluster_config = lambda **_: None
kubernetes.CoreV1ApiProxy = Api
kubernetes.ObjectCache = Cache

dcs = kubernetes.Kubernetes(
    {"scope": "shop", "name": "b", "labels": {}, "ttl": 20, "loop_wait": 2, "retry_timeout": 9, "patronictl": False},
    get_mpp({}),
)
dcs.get_cluster()
dcs._leader_observed_time -= 60
assert not dcs.get_cluster().leader.name, "the lock has run out: an election begins"
dcs._api.lead("a", "2")
dcs.get_cluster()  # as GET /cluster does in another thread
taken = dcs.attempt_to_acquire_leader()
assert taken == (dcs._api.object.metadata.annotations["leader"] == "b")
print("overwritten" if taken else "left alone")  # noqa: T201 - read by the test
