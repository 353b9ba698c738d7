"""The configuration files of Valkey and Sentinel, written anew at each start, with passwords from mounted Secrets."""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING

from valkeynode.settings import QUARANTINE

if TYPE_CHECKING:
    from pathlib import Path

    from valkeynode.settings import Address, Settings

DOWN_AFTER_MILLISECONDS = 1000
FAILOVER_TIMEOUT_MILLISECONDS = 10_000
KEEP_OLD_PASSWORD_SECONDS = 180
"""A password that was replaced still opens the store for this long: clients may hear of the new one 2 minutes later."""

_CLIENT = (
    "resetchannels -@all +@read +@write +@scripting +@connection -@dangerous -client|kill -client|pause"
    " +wait +role +time"
)
_RIGHTS = {
    "cart": f"~cart:* {_CLIENT}",
    "gateway": f"~session:* ~limit:* {_CLIENT}",
    # SYNC is how valkey-cli takes a backup
    "replication": "resetchannels -@all +psync +sync +replconf +ping",
    # what Valkey's documentation lists for Sentinel
    "sentinel": "allchannels -@all +multi +exec +slaveof +replicaof +ping +subscribe +publish +role +info +script|kill"
    " +client|setname +client|kill +config|rewrite",
    "keeper": "~meta:* resetchannels -@all +ping +info +role +get +set +dbsize +replicaof +config|set +acl|load"
    " +client|pause +client|unpause",
    # moves the primary out of a zone: looks, holds writes, points the old primary at the new one
    "operator": "resetchannels -@all +ping +info +role +replicaof +client|pause +client|unpause",
}
_SENTINEL_RIGHTS = (
    # anyone whom the network policy lets in may ask who is primary; only the pods themselves command
    "user default on nopass resetchannels -@all +ping +sentinel|master +sentinel|masters +sentinel|replicas"
    " +sentinel|sentinels +sentinel|get-master-addr-by-name +sentinel|get-primary-addr-by-name"
)
_KEPT = re.compile(r"^sentinel (?:current-epoch|config-epoch|leader-epoch) .*$", re.MULTILINE)


def valkey(settings: Settings) -> str:
    """valkey.conf. Every server begins as a replica of nobody and is told by the keeper whom to follow, or to lead."""
    replicated = len(settings.nodes) > 1
    address = settings.me.valkey
    lines = [
        "bind * -::*",
        f"port {address.port}",
        f"dir {settings.data}",
        f"aclfile {settings.run / 'users.acl'}",
        "masteruser replication",
        f"masterauth {settings.password('replication')}",
        f"replica-announce-ip {address.host}",
        f"replica-announce-port {address.port}",
        f"replicaof {QUARANTINE.host} {QUARANTINE.port}",
        "replica-priority 0",
        f"min-replicas-to-write {int(replicated)}",
        "min-replicas-max-lag 2",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "repl-diskless-sync-delay 0",
        "repl-backlog-size 64mb",
        "repl-timeout 10",
        "maxmemory-policy noeviction",
        f"maxmemory {settings.maxmemory}",
        "tcp-keepalive 10",
        "shutdown-timeout 5",
    ]
    return "\n".join(lines) + "\n"


def users(accepted: dict[str, list[str]]) -> str:
    """The ACL file: each user's rights and the digests of the passwords that open it."""
    # Nobody can be it. But Valkey reads its append-only file as this user, and silently leaves out the transactions in
    # it, such as a cart's changes, that the user has no right to: https://github.com/valkey-io/valkey/issues/3983
    lines = ["user default off resetpass ~* &* +@all"]
    for user, rights in _RIGHTS.items():
        digests = " ".join(f"#{digest}" for digest in accepted.get(user, []))
        if digests:
            lines.append(f"user {user} on {digests} {rights}")
    return "\n".join(lines) + "\n"


class Passwords:
    """The digests that each user's password may have: what the Secret holds now, and for a while what it held before.

    A second file `NAME-accepted` may hold a further password: one that clients are about to use.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, dict[str, float]] = {}

    def read(self) -> dict[str, list[str]]:
        """By user name, newest last; raises OSError."""
        now = time.monotonic()
        for user in _RIGHTS:
            seen = self._seen.setdefault(user, {})
            for name in (user, f"{user}-accepted"):
                if (self._folder / name).exists():
                    seen[_digest((self._folder / name).read_text(encoding="utf-8").strip())] = now
            for digest, last in list(seen.items()):
                if now - last > KEEP_OLD_PASSWORD_SECONDS:
                    del seen[digest]
        return {user: list(seen) for user, seen in self._seen.items()}


def sentinel(settings: Settings, primary: Address, remembered: str) -> str:
    """sentinel.conf: watch `primary`; of an earlier file only the epochs are kept, so that no vote is given twice."""
    name, me = settings.primary_name, settings.me
    lines = [
        f"port {me.sentinel.port}",
        "bind * -::*",
        f"dir {settings.data / 'sentinel'}",
        "protected-mode no",
        f"sentinel myid {me.sentinel_id}",
        f"sentinel announce-ip {me.sentinel.host}",
        f"sentinel announce-port {me.sentinel.port}",
        f"sentinel monitor {name} {primary.host} {primary.port} {settings.majority}",
        f"sentinel down-after-milliseconds {name} {DOWN_AFTER_MILLISECONDS}",
        f"sentinel failover-timeout {name} {FAILOVER_TIMEOUT_MILLISECONDS}",
        f"sentinel parallel-syncs {name} 1",
        f"sentinel auth-user {name} sentinel",
        f"sentinel auth-pass {name} {settings.password('sentinel')}",
        _SENTINEL_RIGHTS,
        f"user sentinel on #{_digest(settings.password('sentinel'))} ~* &* +@all",
        "sentinel sentinel-user sentinel",
        f"sentinel sentinel-pass {settings.password('sentinel')}",
    ]
    if (settings.secrets / "operator").exists():
        digest = _digest(settings.password("operator"))
        rights = "resetchannels -@all +ping +sentinel|master +sentinel|failover"
        lines.append(f"user operator on #{digest} {rights}")
    lines += [
        f"sentinel known-replica {name} {node.valkey.host} {node.valkey.port}"
        for node in settings.nodes
        if node.valkey != primary
    ]
    lines += [
        f"sentinel known-sentinel {name} {peer.sentinel.host} {peer.sentinel.port} {peer.sentinel_id}"
        for peer in settings.peers
    ]
    return "\n".join([*lines, *_KEPT.findall(remembered)]) + "\n"


def write(path: Path, text: str) -> None:
    """Write a file that holds secrets, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
