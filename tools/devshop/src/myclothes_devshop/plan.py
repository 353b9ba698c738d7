"""Who listens where, and what each service is told about the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_stores.ports import HOST, free_port

if TYPE_CHECKING:
    from myclothes_devshop.data import DataFolder
    from myclothes_devshop.stores import Stores

GATEWAY = "gateway"


class Plan:
    """The gateway listens on the chosen port, the other services on free ones."""

    names = ("cart", "users", "shop", GATEWAY)

    def __init__(self, port: int, stores: Stores, data: DataFolder) -> None:
        self.ports = {name: port if name == GATEWAY else free_port() for name in self.names}
        self.origin = f"http://{HOST}:{port}"
        self._stores = stores
        self._keys = data.signing_keys()

    def environment(self, name: str) -> dict[str, str]:
        """The settings of one service as variables; any other may be set in the launcher's own environment."""
        own = {"port": str(self.ports[name]), "host": HOST} | self._particular(name)
        return {f"{name}_{setting}".upper(): value for setting, value in own.items()}

    def _particular(self, name: str) -> dict[str, str]:
        ack = str(self._stores.ack_replicas)
        urls = {f"{other}_url": f"http://{HOST}:{self.ports[other]}" for other in ("cart", "users", "shop")}
        valkey = {"valkey_url": self._stores.valkey_url, "ack_replicas": ack}
        database = {"database_hosts": self._stores.database_hosts, "database_name": name, "database_user": name}
        settings = {
            "cart": valkey,
            "users": database,
            "shop": database | {"cache_url": self._stores.cache_url, "cart_url": urls["cart_url"]},
            GATEWAY: valkey
            | urls
            | {"public_origin": self.origin, "signing_keys_file": str(self._keys), "access_log": "all"},
        }
        return settings[name]
