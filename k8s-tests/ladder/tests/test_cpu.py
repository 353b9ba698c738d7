"""CPU a request is what it takes beyond the idle shop."""

from myclothes_ladder.cpu import between, per_request


def test_what_the_idle_shop_takes_is_not_the_requests():
    before = {("gateway", "a"): 10.0, ("gateway", "leaving"): 30.0, ("postgres", "a"): 5.0}
    idle = between(before, {("gateway", "a"): 10.1, ("gateway", "coming"): 2.0, ("postgres", "a"): 6.0})
    busy = {"gateway": 3.4, "postgres": 3.9, "new": 1.0}
    assert per_request(idle, 5.0, busy, 20.0, 1000) == {"gateway": 3.0, "new": 1.0, "postgres": 0.0}
