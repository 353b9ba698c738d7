"""The Go compiler: the machine's own where it is new enough, else the release named here, fetched as Go itself would.

Sources: https://go.dev/ref/mod#goproxy-protocol, https://go.dev/doc/toolchain (a toolchain is a module's zip file, its
go.mod files renamed), https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash (the checksum).
"""

import base64
import hashlib
import os
import shutil
import urllib.request
from pathlib import Path
from zipfile import ZipFile

from myclothes_rig import cache
from myclothes_rig.commands import run
from myclothes_rig.errors import CommandError, PreparationError
from myclothes_rig.layout import Layout

AT_LEAST = (1, 26)
FETCHED = "v0.0.1-go1.26.8.linux-amd64"
CHECKSUM = "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM="
"""Of the fetched module, as go.sum and Go's checksum database write it."""

PROXY_VARIABLE = "GOPROXY"
PROXY = "https://proxy.golang.org"
FETCH_SECONDS = 120.0


def command(layout: Layout) -> Path:
    """The `go` to build with. Raises PreparationError when none is here and none can be fetched."""
    own = shutil.which("go")
    if own is not None and _numbers(version(Path(own))) >= AT_LEAST:
        return Path(own)
    return cache.make(layout.tools / f"go-{FETCHED}", _fetch).path / "bin" / "go"


def version(go: Path) -> str:
    """A compiler's version, e.g. `go1.26.8`."""
    return run([go, "env", "GOVERSION"]).strip()


def unpack(archive: Path, target: Path, checksum: str) -> None:
    """Check a toolchain module's zip file and unpack what is below its one folder. Raises PreparationError."""
    with ZipFile(archive) as opened:
        lines = (
            f"{hashlib.sha256(opened.read(name)).hexdigest()}  {name}\n" for name in sorted(set(opened.namelist()))
        )
        found = "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()
        if found != checksum:
            raise PreparationError(f"the fetched Go is not what it should be: {found} instead of {checksum}")
        for entry in opened.infolist():
            path = target.joinpath(*Path(entry.filename).parts[2:])
            path = path.with_name("go.mod") if path.name == "_go.mod" else path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(opened.read(entry))
            path.chmod(0o755 if entry.external_attr >> 16 & 0o111 else 0o644)


def _fetch(target: Path) -> None:
    archive = target.with_suffix(".zip")
    try:
        address = f"{_proxy()}/golang.org/toolchain/@v/{FETCHED}.zip"
        # the proxy that the operator's own environment names, or Go's
        with urllib.request.urlopen(address, timeout=FETCH_SECONDS) as answer, archive.open("wb") as file:  # noqa: S310  # nosec B310
            shutil.copyfileobj(answer, file)
        unpack(archive, target, CHECKSUM)
    except OSError as error:
        raise PreparationError(
            f"Go {AT_LEAST[0]}.{AT_LEAST[1]} or newer is missing and cannot be fetched ({error}): https://go.dev/dl/"
        ) from error
    finally:
        archive.unlink(missing_ok=True)


def _proxy() -> str:
    """The first module proxy that the environment names, else Go's own."""
    named = os.environ.get(PROXY_VARIABLE, "").replace("|", ",").split(",")
    return next((one.strip().rstrip("/") for one in named if "://" in one), PROXY)


def _numbers(name: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in name.removeprefix("go").split("rc")[0].split(".")[:2])
    except ValueError as error:
        raise CommandError(f"go env GOVERSION says {name!r}, which is no version") from error
