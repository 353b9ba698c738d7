"""The metrics port: Prometheus' /metrics, /livez, and /survivability for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from myclothes_operator.loop import Loop
    from myclothes_operator.model import Finding


def survivability(findings: dict[str, tuple[Finding, ...]]) -> str:
    """A line a zone, and below it each reason with what would mend it."""
    lines = []
    for zone, found in sorted(findings.items()):
        lines.append(f"{zone}: {'the shop could NOT lose it now' if found else 'the shop could lose it now'}")
        lines += [f"  - {one.message}\n    to mend it: {one.mend}" for one in found]
    return "\n".join(lines) + "\n" if lines else "nothing has been seen yet\n"


async def serve(loop: Loop, host: str, port: int) -> web.AppRunner:
    """Answer until the runner's `cleanup`; raises OSError when the port is taken."""

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def livez(_request: web.Request) -> web.Response:
        return web.Response(text="alive\n") if loop.is_alive else web.Response(text="the loop hangs\n", status=503)

    async def report(_request: web.Request) -> web.Response:
        return web.Response(text=survivability(loop.findings))

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/livez", livez), web.get("/survivability", report)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
