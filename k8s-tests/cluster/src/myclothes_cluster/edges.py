"""Who may talk to whom: the edges of the picture, in one place for the tests and for docs/security.md.

A component may open a connection to another one's port only if the pair stands here; everything else is refused.
"""

from collections.abc import Mapping, Sequence

PORTS: Mapping[str, Sequence[int]] = {
    "gateway": (8080, 9080),
    "cart": (8081, 9081),
    "users": (8082, 9082),
    "shop": (8083, 9083),
    "valkey": (6379, 26379, 9121),
    "postgres": (5432, 8008),
    "cache": (6379,),
    "operator": (9084,),
}
"""Every port that listens in a component's pods. 90xx and 9121 are metrics: nobody's, unless a scraper is named."""

EDGES: Mapping[str, Mapping[str, Sequence[int]]] = {
    "gateway": {"cart": (8081,), "users": (8082,), "shop": (8083,), "valkey": (6379, 26379)},
    "cart": {"valkey": (6379, 26379)},
    "users": {"postgres": (5432,)},
    "shop": {"postgres": (5432,), "cache": (6379,), "cart": (8081,)},
    "valkey": {"valkey": (6379, 26379)},
    "postgres": {"postgres": (5432, 8008)},
    "cache": {},
    "operator": {"valkey": (6379, 26379), "postgres": (8008,)},
}
"""By client: the components it reaches and the ports there."""

JOB_EDGES: Mapping[str, Mapping[str, Sequence[int]]] = {
    "postgres-setup": {"postgres": (5432, 8008)},
    "users-migrate": {"postgres": (5432,)},
    "shop-migrate": {"postgres": (5432,)},
    "shop-sample": {"postgres": (5432,), "cache": (6379,)},
    "shop-feed": {"postgres": (5432,), "cache": (6379,)},
    "ledger": {"gateway": (8080,)},
    "test-shop": {"gateway": (8080,)},
    "test-stores": {"valkey": (6379, 26379), "postgres": (5432, 8008)},
    "test-network": {"gateway": (8080,)},
}
"""The same for jobs and for the pods of `helm test`."""

INGRESS_EDGES: Mapping[str, Sequence[int]] = {"gateway": (8080,)}
"""What the ingress controller reaches."""

API_CLIENTS = frozenset({"postgres", "operator"})
"""Components that reach the Kubernetes API: Patroni keeps its state there, and the operator acts by it. No job does."""


def allowed(client: str) -> set[tuple[str, int]]:
    """The components and ports that a component or a job may reach."""
    edges = EDGES.get(client) or JOB_EDGES.get(client, {})
    return {(server, port) for server, ports in edges.items() for port in ports}
