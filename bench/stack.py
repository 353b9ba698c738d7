"""The shop and its baselines as processes on one core; the load comes from another."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from myclothes_stores.ports import HOST, free_port
from myclothes_stores.postgres import PostgresServer
from myclothes_stores.processes import ManagedProcess, descendants, wait_until
from myclothes_stores.valkey import ValkeyServer
from myclothes_stores.valkey_cluster import ValkeyCluster

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER_CORE = 0
LOAD_CORE = 1
START_SECONDS = 30.0
STOP_SECONDS = 12.0
COMMAND_SECONDS = 120.0
OK = 200
NO_LIMIT = "1000000"
TICKS = os.sysconf("SC_CLK_TCK")

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000;
  upstream cart {{ server {host}:{cart}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen {host}:{port};
    location / {{ root {folder}/static; default_type application/json; }}
    location /v1/ {{ proxy_pass http://cart; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""
BARE = """
import sys, uvicorn
BODY = b"x" * 300
async def app(scope, receive, send):
    headers = [(b"content-type", b"application/json"), (b"content-length", b"300")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})
uvicorn.run(
    app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off", loop="uvloop",
    http="httptools",
)
"""


@dataclass
class Stack:
    """Everything under test, started by `with Stack() as stack`; `ports` and `processes` by name."""

    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, list[ManagedProcess]] = field(default_factory=dict)
    _exits: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> Self:
        os.sched_setaffinity(0, {SERVER_CORE})  # children inherit it
        with contextlib.ExitStack() as exits:
            self._start(Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))), exits)
            self._exits = exits.pop_all()
        os.sched_setaffinity(0, {LOAD_CORE})
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def cpu(self) -> dict[str, float]:
        """CPU seconds that each part has used so far, children included."""
        return {name: sum(_cpu(each.pid) for each in processes) for name, processes in self.processes.items()}

    def rss(self, name: str) -> float:
        """Resident memory of a part's own process, MiB."""
        status = Path(f"/proc/{self.processes[name][0].pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def _start(self, folder: Path, exits: contextlib.ExitStack) -> None:
        valkey = ValkeyCluster()
        exits.callback(valkey.stop)
        valkey.start()
        valkey.wait_healthy()
        cache = ValkeyServer(name="cache", cache=True)
        exits.callback(cache.stop)
        cache.start()
        postgres = PostgresServer()
        exits.callback(postgres.stop)
        postgres.start()
        self.processes |= {
            "valkey": [valkey.primary().process],
            "replicas": [node.process for node in valkey.replicas()],
            "cache": [cache.process],
            "postgres": [postgres.process],
        }
        for name in ("users", "shop"):
            postgres.create_database(name, name)
        keys = folder / "keys"
        keys.write_text(secrets.token_hex(32) + "\n")
        for name in ("cart", "cart-unacknowledged", "users", "shop", "shop-uncached", "gateway", "gateway-cold"):
            self.ports[name] = free_port()
        environments = self._environments(valkey.sentinel_url, cache.url, postgres.hosts, keys)
        for command in (("users", "migrate"), ("shop", "migrate"), ("shop", "import", "--sample", "--set-stock")):
            _run_to_end(folder, command, environments[command[0]])
        for name, environment in environments.items():
            module = f"myclothes_{name.partition('-')[0]}"
            self._serve(name, [sys.executable, "-m", module], folder, exits, environment)
        for name in environments:
            self._wait_ready(name, "/readyz")
        self._start_baselines(folder, exits)

    def _start_baselines(self, folder: Path, exits: contextlib.ExitStack) -> None:
        for name in ("nginx", "uvicorn"):
            self.ports[name] = free_port()
        static = folder / "static"
        static.mkdir()
        (static / "cart.json").write_bytes(b"x" * 300)
        config = folder / "nginx.conf"
        config.write_text(
            NGINX.format(folder=folder, host=HOST, port=self.ports["nginx"], cart=self.ports["cart"]), encoding="utf-8"
        )
        folder.chmod(0o755)
        self._serve("nginx", ["nginx", "-c", str(config), "-e", str(folder / "nginx-error.log")], folder, exits, {})
        self._serve("uvicorn", [sys.executable, "-c", BARE, str(self.ports["uvicorn"])], folder, exits, {})
        for name, path in (("nginx", "/cart.json"), ("uvicorn", "/")):
            self._wait_ready(name, path)

    def _wait_ready(self, name: str, path: str) -> None:
        wait_until(lambda: _ready(self.ports[name], path), START_SECONDS, self.processes[name][0])

    def _serve(
        self, name: str, command: list[str], folder: Path, exits: contextlib.ExitStack, environment: Mapping[str, str]
    ) -> None:
        process = ManagedProcess(name, command, folder / f"{name}.log", env=os.environ | environment)
        process.start()
        exits.callback(process.stop, STOP_SECONDS)
        self.processes[name] = [process]

    def _environments(self, valkey: str, cache: str, hosts: str, keys: Path) -> dict[str, dict[str, str]]:
        def of(name: str, **settings: str) -> dict[str, str]:
            prefix = name.partition("-")[0].upper()
            named = {"port": str(self.ports[name]), "log_level": "warning"} | settings
            return {f"{prefix}_{key}".upper(): value for key, value in named.items()}

        def url(name: str) -> str:
            return f"http://{HOST}:{self.ports[name]}"

        def database(name: str) -> dict[str, str]:
            return {"database_hosts": hosts, "database_name": name, "database_user": name}

        def gateway(name: str, shop: str) -> dict[str, str]:
            return of(
                name,
                valkey_url=valkey,
                signing_keys_file=str(keys),
                public_origin=url(name),
                cart_url=url("cart"),
                users_url=url("users"),
                shop_url=url(shop),
                browsing_per_minute=NO_LIMIT,
                logins_per_account=NO_LIMIT,
                logins_per_address=NO_LIMIT,
                registrations_per_address=NO_LIMIT,
            )

        # every add goes to one sku of many carts: the shop's own limits would end the run
        carts = {"valkey_url": valkey, "max_quantity": "100000", "max_remembered_changes": "10000"}
        shop = database("shop") | {"cart_url": url("cart")}
        return {
            "cart": of("cart", **carts),
            "cart-unacknowledged": of("cart-unacknowledged", ack_replicas="0", **carts),
            "users": of("users", **database("users")),
            "shop": of("shop", **shop, cache_url=cache),
            "shop-uncached": of("shop-uncached", **shop),
            "gateway": gateway("gateway", "shop"),
            "gateway-cold": gateway("gateway-cold", "shop-uncached"),
        }


def _run_to_end(folder: Path, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
    name, *rest = command
    log = folder / f"{'-'.join(command)}.log"
    process = ManagedProcess(
        name, [sys.executable, "-m", f"myclothes_{name}", *rest], log, env=os.environ | environment
    )
    process.start()
    wait_until(lambda: process.exit_code is not None, COMMAND_SECONDS, what=f"done with {' '.join(command)}")
    if process.exit_code != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text()[-2000:]}")


def _ready(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _cpu(pid: int) -> float:
    """User and system seconds of a process, its threads, its living children and those that it has reaped."""
    total = 0.0
    for each in (pid, *descendants(pid)):
        try:
            fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has just ended, and its parent counts it
            continue
        total += sum(int(value) for value in fields[11 : 15 if each == pid else 13]) / TICKS
    return total
