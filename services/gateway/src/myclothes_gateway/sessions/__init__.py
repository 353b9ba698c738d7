"""Sessions: the signed cookie, what a request knows of its session, the records of logged-in ones."""

from myclothes_gateway.sessions.session import Session, current

__all__ = ["Session", "current"]
