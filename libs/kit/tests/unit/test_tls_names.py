"""A database's certificate is checked against its host's name, though its address is dialled."""

from __future__ import annotations

import asyncio
import ssl
import subprocess

import pytest

from myclothes_kit.postgres.settings import DatabaseSettings

COMMAND = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=db.example -addext subjectAltName=DNS:db.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    files = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run([*COMMAND.split(), *files], check=True, capture_output=True)
    return folder


@pytest.fixture
async def port(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "tls.crt", certificate / "tls.key")
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(("name", "fits"), [("db.example", True), ("other.example", False)])
async def test_the_name_decides_and_not_the_address(certificate, port, name, fits):
    settings = DatabaseSettings(
        database_hosts=name, database_name="x", database_user="x", database_ca_file=certificate / "tls.crt"
    )
    connecting = asyncio.open_connection("127.0.0.1", port, ssl=settings.database_tls(name))
    if fits:
        _, writer = await connecting
        writer.close()
    else:
        with pytest.raises(ssl.SSLCertVerificationError):
            await connecting
