"""A real three-zone Kubernetes on one machine, to be built, booted and broken by the cluster tests."""

from myclothes_rig.errors import RigError
from myclothes_rig.rig import Rig

__all__ = ["Rig", "RigError"]
