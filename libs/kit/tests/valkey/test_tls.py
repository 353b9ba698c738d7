"""A store behind TLS. The Valkey of the wheel speaks none, so a relay takes it off on the way to it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess

import pytest
from structlog.testing import capture_logs

from myclothes_kit.valkey import Script, StoreUnavailable, open_store
from myclothes_stores.ports import HOST

COMMAND = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=store -addext subjectAltName=IP:127.0.0.1"
LIMIT_SECONDS = 20.0
COUNT = Script("return redis.call('INCRBY', KEYS[1], ARGV[1])")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    files = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run([*COMMAND.split(), *files], check=True, capture_output=True)
    return folder


async def pump(reader, writer):
    with contextlib.closing(writer), contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


@pytest.fixture
async def tls_port(certificate, valkey):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "tls.crt", certificate / "tls.key")

    async def relay(reader, writer):
        from_store, to_store = await asyncio.open_connection(HOST, valkey.port)
        await asyncio.gather(pump(reader, to_store), pump(from_store, writer))

    async with await asyncio.start_server(relay, HOST, 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_store_with_a_trusted_certificate_is_used(certificate, tls_port, valkey):
    url = f"valkeys://{HOST}:{tls_port}"
    async with await open_store(
        url, name="test", ack_replicas=0, ca_file=certificate / "tls.crt", wait_seconds=LIMIT_SECONDS
    ) as store:
        assert await store.write(COUNT, ["n"], [5]) == 5
        assert await store.read(("GET", "n")) == [b"5"]
    assert valkey.call("GET", "n") == "5"


@pytest.mark.parametrize(
    ("host", "trusted", "reason"), [(HOST, False, "self-signed certificate"), ("localhost", True, "Hostname mismatch")]
)
async def test_a_certificate_of_a_stranger_or_for_another_name_is_refused(certificate, tls_port, host, trusted, reason):
    ca_file = certificate / "tls.crt" if trusted else None
    with capture_logs() as logs:
        async with await open_store(
            f"valkeys://{host}:{tls_port}", name="test", ack_replicas=0, ca_file=ca_file
        ) as store:
            async with asyncio.timeout(LIMIT_SECONDS):
                while not any(reason in line.get("reason", "") for line in logs):
                    with pytest.raises(StoreUnavailable):
                        await store.write(COUNT, ["n"], [5])
