"""Addresses: what may be shown of them, by writers that follow one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from myclothes_ledger.checking.stories import Operation, Story


def problems(
    shown: Mapping[str, str], story: Story, known: Iterable[Operation]
) -> Iterator[tuple[str, list[Operation]]]:
    """What is wrong with first lines `shown` by id, when the acknowledged writes `known` must be seen.

    A write of unknown outcome may be seen, also late; an acknowledged one only until a known later one.
    """
    writes = story.of("address")
    newest: dict[str, Operation] = {}
    for operation in sorted((each for each in known if each.kind == "address"), key=lambda each: each.sent):
        for address in operation.addresses:
            newest[address] = operation
    for address, last in newest.items():
        text = shown.get(address)
        writers = [each for each in writes if each.text == text]
        if text is None:
            yield f"address {address} is not shown", [last]
        elif not writers:
            yield f"address {address} is shown as {text!r}, which nobody wrote", [last]
        elif all(each.answered < last.sent for each in writers):
            yield f"address {address} is shown as {text!r}, an older state", [*writers, last]
