"""The cluster that the tests run on, and the shop installed in it."""

from myclothes_cluster.pods import Pods
from myclothes_cluster.release import Release
from myclothes_cluster.targets import Target, target_from_environment

__all__ = ["Pods", "Release", "Target", "target_from_environment"]
