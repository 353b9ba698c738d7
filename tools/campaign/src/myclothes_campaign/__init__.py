"""Breaks the shop again and again under load, and decides after each fault whether anything acknowledged was lost."""

from myclothes_campaign.faults import Fault, Kind, Part
from myclothes_campaign.ground import Ground, GroundError

__all__ = ["Fault", "Ground", "GroundError", "Kind", "Part"]
