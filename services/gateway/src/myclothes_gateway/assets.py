"""Style sheets, scripts and pictures, under names that change with their content."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from myclothes_gateway.errors import NothingHere

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

PREFIX = "/static"
FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=3600"
"""For a plain name, which a new release may give another content."""
FINGERPRINT_DIGITS = 12
WORTH_COMPRESSING_BYTES = 512
_COMPRESSIBLE = ("text/", "image/svg", "application/json", "application/manifest", "application/javascript")


@dataclass(frozen=True, slots=True)
class _Asset:
    url: str
    body: bytes
    packed: bytes | None
    media_type: str
    etag: str


class Assets:
    """The files of a folder, held in memory (they are small), compressed once."""

    def __init__(self, folder: Path) -> None:
        self._plain: dict[str, _Asset] = {}
        self._fingerprinted: dict[str, _Asset] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                name = path.relative_to(folder).as_posix()
                asset = _load(name, path.read_bytes())
                self._plain[name] = asset
                self._fingerprinted[asset.url.removeprefix(f"{PREFIX}/")] = asset

    def url(self, name: str) -> str:
        """The URL of a file, for templates: `asset.url("shop.css")`; raises KeyError for a file that is not there."""
        return self._plain[name].url

    def route(self) -> Route:
        """The route that serves them."""
        return Route(PREFIX + "/{name:path}", self._serve, name="static")

    async def _serve(self, request: Request) -> Response:
        name = request.path_params["name"]
        asset = self._fingerprinted.get(name)
        cached = FOREVER
        if asset is None:
            asset, cached = self._plain.get(name), BRIEFLY
        if asset is None:
            raise NothingHere("There is no such file.")
        headers = {"Cache-Control": cached, "ETag": asset.etag, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == asset.etag:
            return Response(status_code=304, headers=headers)
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.packed, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"})
        return Response(asset.body, media_type=asset.media_type, headers=headers)


def _load(name: str, body: bytes) -> _Asset:
    fingerprint = sha256(body).hexdigest()[:FINGERPRINT_DIGITS]
    stem, dot, suffix = name.rpartition(".")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = None
    if len(body) >= WORTH_COMPRESSING_BYTES and media_type.startswith(_COMPRESSIBLE):
        packed = gzip.compress(body, 9, mtime=0)
    return _Asset(f"{PREFIX}/{stem}.{fingerprint}{dot}{suffix}", body, packed, media_type, f'"{fingerprint}"')
