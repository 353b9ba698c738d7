"""Alertmanager's word on whether something is wrong with the shop already."""

from __future__ import annotations

import asyncio

import aiohttp

QUESTION = {"active": "true", "silenced": "false", "inhibited": "false", "filter": 'alertname=~"MyClothes.+"'}
"""The alerts of the chart, less those that somebody has put aside."""
ASK_SECONDS = 3.0
_OK = 200


class Alerts:
    """`url` is Alertmanager's; empty: there is none, and no alert."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def firing(self) -> tuple[str, ...]:
        """The names of the alerts that fire. One that cannot be asked is told as an alert of its own: better safe."""
        if not self._url:
            return ()
        try:
            async with (
                asyncio.timeout(ASK_SECONDS),
                aiohttp.ClientSession() as http,
                http.get(f"{self._url}/api/v2/alerts", params=QUESTION) as answer,
            ):
                if answer.status != _OK:
                    return (f"Alertmanager answers {answer.status}",)
                return tuple(sorted({one["labels"]["alertname"] for one in await answer.json()}))
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return (f"Alertmanager does not answer: {error or type(error).__name__}",)
        except (ValueError, KeyError, TypeError) as error:
            return (f"Alertmanager's answer cannot be read: {type(error).__name__}",)
