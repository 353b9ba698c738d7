"""The shop of a control: started as ever, but without one thing that keeps writes.

`python -m myclothes_campaign.weakened CONTROL …` is the launcher, and starts each service as
`python -m myclothes_campaign.weakened CONTROL myclothes_cart`. The product itself has no such switch.
"""

from __future__ import annotations

import functools
import runpy
import sys
import uuid
from typing import TYPE_CHECKING, Any

from myclothes_campaign.controls import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from myclothes_cart.domain import Change
    from myclothes_cart.store import ValkeyCarts

SERVICE = "myclothes_"


def main() -> None:
    """Weaken what the words name, then run it."""
    _, control, *rest = sys.argv
    if control not in CONTROLS:
        raise SystemExit(f"{control}: no such control")
    if rest and rest[0].startswith(SERVICE):
        _SERVICES.get(control, _nothing)()
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        return
    _weaken_launcher(control)
    from myclothes_devshop.__main__ import main as launch  # noqa: PLC0415 - after it was weakened

    sys.argv = [sys.argv[0], *rest]
    raise SystemExit(launch())


def _weaken_launcher(control: str) -> None:
    from myclothes_devshop import launcher, replicated_stores  # noqa: PLC0415 - only the launcher needs them

    real = vars(launcher)["Service"]

    def service(name: str, command: Sequence[str], *more: Any, **words: Any) -> Any:
        return real(name, ["-m", __spec__.name, control, *command[1:]], *more, **words)

    vars(launcher)["Service"] = service  # each service must be weakened as well
    stores = vars(replicated_stores)
    if control == "acknowledgements":
        replicated_stores.ReplicatedStores.ack_replicas = 0
        stores["ValkeyCluster"] = functools.partial(stores["ValkeyCluster"], settings={"min-replicas-to-write": "0"})
    if control == "synchronous-commit":
        alone = {"synchronous_standby_names": ""}
        stores["PostgresCluster"] = functools.partial(stores["PostgresCluster"], settings=alone)


def _without_guard() -> None:
    """A batch is acknowledged as soon as WAIT has counted one replica."""
    from myclothes_kit.valkey.guard import Guard, Role, Verdict  # noqa: PLC0415 - only where it is weakened

    def judge(self: Guard, role: Role | None, counted: int, needed: int, now: float) -> Verdict:  # noqa: ARG001 - its shape
        if role is None:
            return Verdict.NOT_PRIMARY
        return Verdict.ACKNOWLEDGED if counted >= needed else Verdict.TOO_FEW

    def expected(self: Guard) -> int:  # noqa: ARG001 - its shape
        return 0  # WAIT is then told to wait for the least that is needed

    Guard.judge = judge  # type: ignore[method-assign] # that is the control
    Guard.expected = expected  # type: ignore[method-assign] # likewise


def _without_operation_ids() -> None:
    """A repeated change is another one."""
    from myclothes_cart.store import ValkeyCarts  # noqa: PLC0415 - only where it is weakened

    real = ValkeyCarts.change

    async def forgetful(self: ValkeyCarts, cart_id: str, change: Change, operation: str) -> Any:  # noqa: ARG001 - its shape
        return await real(self, cart_id, change, uuid.uuid4().hex)

    ValkeyCarts.change = forgetful  # type: ignore[method-assign] # that is the control


def _nothing() -> None:
    """The control weakens the stores, not the services."""


_SERVICES: dict[str, Callable[[], None]] = {"guard": _without_guard, "operation-ids": _without_operation_ids}

if __name__ == "__main__":
    main()
