"""Shoppers at a given rate, a history of what they were promised, and the verdict whether it was kept."""

from myclothes_ledger.ledger import Ledger, LedgerError

__all__ = ["Ledger", "LedgerError"]
