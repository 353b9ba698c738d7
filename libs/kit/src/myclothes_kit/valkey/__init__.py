"""Durable Valkey: finds the primary, acknowledges a write only when no failover can undo it, reads in pipelines."""

from myclothes_kit.valkey.errors import NotAcknowledged, ScriptError, StoreBusy, StoreFull, StoreUnavailable
from myclothes_kit.valkey.scripts import Script
from myclothes_kit.valkey.store import Store, open_store

__all__ = [
    "NotAcknowledged",
    "Script",
    "ScriptError",
    "Store",
    "StoreBusy",
    "StoreFull",
    "StoreUnavailable",
    "open_store",
]
