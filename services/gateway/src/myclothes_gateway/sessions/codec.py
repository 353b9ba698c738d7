"""The session's cookie: a few numbers and a signature, 78 characters."""

from __future__ import annotations

import base64
import binascii
import struct
import time
from typing import TYPE_CHECKING

from myclothes_gateway.sessions.keyring import MAC_BYTES
from myclothes_gateway.sessions.session import ID_BYTES, Session
from myclothes_kit.positions import Position

if TYPE_CHECKING:
    from collections.abc import Callable

    from myclothes_gateway.sessions.keyring import Keyring

FORMAT = 1
PURPOSE = b"session"
DAY_SECONDS = 86_400
_SIGNED_IN, _ORDERED = 1, 2
_FIELDS = struct.Struct(f">BBH{ID_BYTES}sQIQH")
_LENGTH = -(-(_FIELDS.size + MAC_BYTES) * 4 // 3)
_PADDING = "=" * (-_LENGTH % 4)


class SessionCodec:
    """Sessions to and from cookie values. `days`: how long a cookie that nobody sends stays valid."""

    def __init__(self, keyring: Keyring, days: int, *, clock: Callable[[], float] = time.time) -> None:
        self._keyring = keyring
        self._days = days
        self._clock = clock

    def read(self, value: str | None) -> Session:
        """The session of a cookie; an empty one for no cookie or one that this shop did not sign or that is too old.

        A cookie of an older key, or of another day, is valid and marked as changed, so that it is renewed. One from
        before a restore of the databases no longer says what was seen of them: no state of theirs would be new enough.
        """
        if not value or len(value) != _LENGTH:
            return Session()
        try:
            raw = base64.b64decode(value + _PADDING, b"-_", validate=True)
        except (binascii.Error, ValueError):
            return Session()
        data, mac = raw[: _FIELDS.size], raw[_FIELDS.size :]
        place = self._keyring.verify(PURPOSE, data, mac)
        if place is None:
            return Session()
        form, flags, day, session_id, version, timeline, lsn, items = _FIELDS.unpack(data)
        today = self.today()
        if form != FORMAT or not day <= today + 1 or today - day > self._days:
            return Session()
        return Session(
            id=session_id,
            signed_in=bool(flags & _SIGNED_IN),
            ordered=bool(flags & _ORDERED),
            cart_version=version,
            cart_items=items,
            position=Position() if self._keyring.restored_since(place) else Position(timeline, lsn),
            issued_day=day,
            changed=place != 0 or day != today,
        )

    def write(self, session: Session) -> str:
        """The cookie value of a session that has an id, signed by the newest key, its life beginning anew."""
        data = _FIELDS.pack(
            FORMAT,
            _SIGNED_IN * session.signed_in | _ORDERED * session.ordered,
            self.today(),
            session.id or b"",
            session.cart_version,
            session.position.timeline,
            session.position.lsn,
            session.cart_items,
        )
        return base64.urlsafe_b64encode(data + self._keyring.sign(PURPOSE, data)).rstrip(b"=").decode()

    def today(self) -> int:
        """Days since 1970."""
        return int(self._clock() // DAY_SECONDS)
