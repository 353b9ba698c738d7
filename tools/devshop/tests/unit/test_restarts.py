from myclothes_devshop.restarts import LIMIT, WINDOW_SECONDS, Restarts


def test_so_many_restarts_in_the_window_and_no_more():
    now = 100.0
    restarts = Restarts(clock=lambda: now)
    assert [restarts.allow() for _ in range(LIMIT + 1)] == [True] * LIMIT + [False]


def test_old_restarts_are_forgotten():
    times = iter([0.0] * LIMIT + [WINDOW_SECONDS + 1])
    restarts = Restarts(clock=lambda: next(times))
    assert all(restarts.allow() for _ in range(LIMIT + 1))
