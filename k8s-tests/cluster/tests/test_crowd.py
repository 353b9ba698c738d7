"""What a lost zone may cost is said of what is measured."""

from myclothes_cluster.crowd import GOALS, GROUPS


def test_every_goal_is_one_of_a_group() -> None:
    assert GOALS.keys() <= GROUPS.keys()
