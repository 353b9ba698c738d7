"""What the gateway counts beside the kit's requests and upstream attempts."""

from __future__ import annotations

from prometheus_client import Counter

_REFUSED = Counter("gateway_refused_total", "Requests refused at the edge.", ["reason"])
REFUSED_BUSY = _REFUSED.labels("busy")
REFUSED_LATE = _REFUSED.labels("late")
REFUSED_BROWSING = _REFUSED.labels("browsing_limit")
REFUSED_CROSS_SITE = _REFUSED.labels("cross_site")
REFUSED_ATTEMPTS = _REFUSED.labels("attempt_limit")

_SESSIONS = Counter("gateway_sessions_total", "Logged-in sessions by what happened to them.", ["event"])
SESSION_OPENED = _SESSIONS.labels("opened")
SESSION_CLOSED = _SESSIONS.labels("closed")
SESSION_ENDED = _SESSIONS.labels("ended")

TAKES_LEFT = Counter("gateway_takes_left_total", "Orders whose lines the outbox takes out of the cart.")
ERASURES_PENDING = Counter("gateway_erasures_pending_total", "Steps of erasures left to a later sweep.")
