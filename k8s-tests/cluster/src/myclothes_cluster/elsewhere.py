"""`python -m myclothes_cluster.elsewhere FOLDER ADDRESS PASSWORD`: stores no chart made, as a cloud has.

They end with stdin. Postgres speaks TLS itself; Valkey's wheel cannot, so a small proxy in front of it does. `ready` is
printed when all run. FOLDER gets the stores' data and `ca.crt`, which clients check their certificate against.
"""

import asyncio
import ssl
import sys
from pathlib import Path

from myclothes_rig.commands import run
from myclothes_stores.postgres import PostgresServer
from myclothes_stores.processes import ManagedProcess
from myclothes_stores.valkey import binary

POSTGRES_PORT, VALKEY_PORT, CACHE_PORT = 5432, 6379, 6380
PLAIN_PORT = 6378
DATABASES = ("users", "shop")
HBA = "local all all trust\nhost all all 127.0.0.1/32 trust\nhostssl all all all scram-sha-256\n"
DAYS = "2"
CHUNK_BYTES = 65_536


def login(database: str) -> str:
    """The role that a service logs in as; its database is its own."""
    return f"{database}_login"


def certify(folder: Path, address: str) -> None:
    """An authority of its own and a certificate for `address`, for whoever runs the stores."""
    leaf = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", f"subjectAltName=IP:{address}")
    names = ("-subj", f"/CN={address}", *(word for extension in leaf for word in ("-addext", extension)))
    # Python 3.13 checks an authority as RFC 5280 asks: it must say what its key is for
    may_sign = ("-subj", "/CN=elsewhere", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    new = ("openssl", "req", "-x509", *key, "-days", DAYS)
    run([*new, "-keyout", folder / "ca.key", "-out", folder / "ca.crt", *may_sign])
    signed = ("-CA", folder / "ca.crt", "-CAkey", folder / "ca.key")
    run([*new, "-keyout", folder / "server.key", "-out", folder / "server.crt", *names, *signed])


def postgres(folder: Path, password: str) -> PostgresServer:
    """A server with the two databases and a login for each, as docs/install.md asks for."""
    rules, key = folder / "pg_hba.conf", folder / "postgres.key"
    rules.write_text(HBA)
    server = PostgresServer(
        folder=folder / "postgres",
        port=POSTGRES_PORT,
        settings={
            "listen_addresses": "*",
            "hba_file": str(rules),
            "ssl": "on",
            "ssl_cert_file": str(folder / "server.crt"),
            "ssl_key_file": str(key),
        },
    )
    key.write_bytes((folder / "server.key").read_bytes())
    key.chmod(0o600)
    if server.user is not None:
        server.user.own(key)
    server.start()
    for name in DATABASES:
        server.create_database(name, login(name))
        server.sql(f"ALTER ROLE {login(name)} PASSWORD '{password}'")
    return server


def valkey(folder: Path, port: int, address: str, password: str) -> ManagedProcess:
    """A server that asks for the password."""
    folder.mkdir()
    options = {"port": str(port), "bind": address, "dir": str(folder), "requirepass": password, "save": ""}
    process = ManagedProcess(
        folder.name,
        [binary(), *(part for name, value in options.items() for part in (f"--{name}", value))],
        folder / "valkey.log",
    )
    process.start()
    return process


async def speak_tls(folder: Path) -> None:
    """Take TLS in and pass it on in the plain, until stdin ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK_BYTES):
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", PLAIN_PORT)
        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

    async with await asyncio.start_server(pass_on, "0.0.0.0", VALKEY_PORT, ssl=context):  # nosec B104  # its network namespace is its own
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """Run until stdin ends; the stores end with this process."""
    folder, address, password = Path(sys.argv[1]), *sys.argv[2:]
    certify(folder, address)
    servers = (postgres(folder, password), valkey(folder / "valkey", PLAIN_PORT, "127.0.0.1", password))
    cache = valkey(folder / "cache", CACHE_PORT, address, password)
    asyncio.run(speak_tls(folder))
    for server in (*servers, cache):
        server.kill()


if __name__ == "__main__":
    main()
