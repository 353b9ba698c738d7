"""The shop of `make shop HA=1` as the ground of a campaign: every store and service a process on loopback."""

from myclothes_campaign.processes.ground import ProcessGround

__all__ = ["ProcessGround"]
