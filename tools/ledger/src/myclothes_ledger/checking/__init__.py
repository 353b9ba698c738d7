"""The checker: reads a history and a final state, and decides whether every promise was kept."""

from myclothes_ledger.checking.check import check, decide
from myclothes_ledger.checking.final import FinalAccount, FinalCart, FinalState
from myclothes_ledger.checking.verdicts import Verdict, Violation

__all__ = ["FinalAccount", "FinalCart", "FinalState", "Verdict", "Violation", "check", "decide"]
