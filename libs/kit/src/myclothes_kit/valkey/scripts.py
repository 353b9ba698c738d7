"""A server-side script, known to the server by its digest."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from myclothes_kit.valkey.wire import Argument, Command


@dataclass(frozen=True)
class Script:
    """A Lua script that changes something each time it runs, also when it finds its work done already.

    WAIT proves the last write of its connection: a script that writes nothing would be acknowledged on old proof.
    """

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        # the server's own name for a script, not a security measure
        object.__setattr__(self, "digest", sha1(self.text.encode(), usedforsecurity=False).hexdigest())

    def command(self, keys: Sequence[str], args: Sequence[Argument], *, whole: bool = False) -> Command:
        """The command that runs it; `whole` sends the text, for a server that has not seen it."""
        head = ("EVAL", self.text) if whole else ("EVALSHA", self.digest)
        return (*head, len(keys), *keys, *args)
