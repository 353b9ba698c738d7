"""`python -m myclothes_operator`: the operator, told by OPERATOR_… variables."""

from __future__ import annotations

import asyncio
import contextlib

import kopf
from kubernetes_asyncio import config
from kubernetes_asyncio.client import ApiClient, Configuration
from kubernetes_asyncio.config import ConfigException

from myclothes_kit import logs
from myclothes_kit.settings import load
from myclothes_operator import handlers, pages
from myclothes_operator.addresses import Addresses
from myclothes_operator.errors import FailedError, RefusedError
from myclothes_operator.executor import Executor
from myclothes_operator.kube import Kube
from myclothes_operator.lease import Lease
from myclothes_operator.loop import Loop
from myclothes_operator.patroni import PatroniPod, UserStore
from myclothes_operator.practice.alerts import Alerts
from myclothes_operator.practice.kube import PracticeKube
from myclothes_operator.practice.practices import Practices
from myclothes_operator.settings import OperatorSettings, hosts
from myclothes_operator.valkey import CartStore, ValkeyPod


def stores(settings: OperatorSettings) -> tuple[CartStore | None, UserStore | None]:
    """The chart's own stores; None for one that is somebody else's."""
    addresses = Addresses()
    valkey = tuple(ValkeyPod(pod, host, *ports) for pod, host, ports in hosts(settings.valkey_hosts, ports=2))
    patroni = tuple(PatroniPod(pod, host, *ports) for pod, host, ports in hosts(settings.patroni_hosts, ports=1))
    cart = CartStore(
        valkey,
        settings.valkey_primary_name,
        settings.valkey_username,
        settings.valkey_password_file,
        addresses,
    )
    user = UserStore(patroni, settings.patroni_username, settings.patroni_password_file, addresses)
    return cart if valkey else None, user if patroni else None


async def cluster() -> Configuration:
    """The pod's service account, else the kubeconfig; raises ConfigException."""
    chosen = Configuration()
    # as handlers.Connection
    chosen.disable_strict_ssl_verification = True
    try:
        config.load_incluster_config(client_configuration=chosen)  # type: ignore[no-untyped-call]  # it has no types
    except ConfigException:
        await config.load_kube_config(client_configuration=chosen)
    return chosen


async def operate(settings: OperatorSettings) -> None:
    """Work until SIGTERM, which kopf handles."""
    async with ApiClient(await cluster()) as api:
        kube = Kube(api, settings.namespace, settings.selector)
        cart, user = stores(settings)
        lease = Lease(kube, settings.lease, settings.identity)
        practices = Practices(
            PracticeKube(api, settings.namespace, settings.selector, settings.ledger), Alerts(settings.alertmanager)
        )
        loop = Loop(kube, lease, cart, user, practices)
        executor = Executor(kube, cart, user, loop.wake)
        runner = await pages.serve(loop, settings.host, settings.metrics_port)
        try:
            async with asyncio.TaskGroup() as group:
                # a loop that ends by a defect ends the process, which is started anew
                task = group.create_task(loop.run(executor))
                await kopf.operator(
                    registry=handlers.registry(loop.wake, loop.stir),
                    settings=handlers.settings(),
                    namespaces=[settings.namespace],
                    # kopf would ask for the user's name, and a container's user has none
                    identity=settings.identity,  # type: ignore[arg-type]  # a NewType that kopf keeps to itself
                )
                task.cancel()
        finally:
            await executor.close()
            await runner.cleanup()
            with contextlib.suppress(FailedError, RefusedError):
                await lease.release()


def main() -> None:
    """Never returns but by a signal."""
    settings = load(OperatorSettings)
    logs.configure("operator", settings.log_level, settings.log_format)
    asyncio.run(operate(settings))


if __name__ == "__main__":
    main()
