"""What kopf is told: which changes ask for a round. It keeps no state of its own on any object, and no finalizer."""

from __future__ import annotations

import dataclasses
import ssl
from typing import TYPE_CHECKING, Any

import kopf

from myclothes_operator.documents import COMPONENT, GROUP, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable


class Connection(kopf.ConnectionInfo):
    """As kopf finds it, and like other clients content with an authority whose certificate names no key usage."""

    def as_ssl_context(self) -> ssl.SSLContext:
        """The authority's signature is checked, and the server's name; not the letter of RFC 5280."""
        context = super().as_ssl_context()
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


async def login(**known: Any) -> kopf.ConnectionInfo | None:
    """The pod's service account, else the kubeconfig."""
    found = await kopf.login_via_async_client(**known)
    if found is None:
        return None
    return Connection(**{one.name: getattr(found, one.name) for one in dataclasses.fields(found)})


def registry(wake: Callable[[], None], stir: Callable[[], None]) -> kopf.OperatorRegistry:
    """Handlers that call `wake` when a shift or a practice is seen or changed, `stir` for an autoscaler or a pod."""
    handlers = kopf.OperatorRegistry()

    async def asked(**_: Any) -> None:
        wake()

    async def changed(**_: Any) -> None:
        stir()

    kopf.on.login(registry=handlers)(login)
    kopf.on.event(GROUP, VERSION, "zoneshifts", registry=handlers)(asked)
    kopf.on.event(GROUP, VERSION, "zoneshiftpractices", registry=handlers)(asked)
    kopf.on.event("autoscaling", "v2", "horizontalpodautoscalers", registry=handlers)(changed)
    kopf.on.event("", "v1", "pods", labels={COMPONENT: kopf.PRESENT}, registry=handlers)(changed)
    return handlers


def settings() -> kopf.OperatorSettings:
    """One namespace, no peering: what the operator does is fenced by each object's version, not by who is alone."""
    chosen = kopf.OperatorSettings()
    chosen.peering.standalone = True
    chosen.scanning.disabled = True
    chosen.posting.enabled = False
    return chosen
