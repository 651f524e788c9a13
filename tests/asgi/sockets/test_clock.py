"""The order in which connections wait."""

from asgi.sockets.clock import Clock


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_connections_expire_in_the_order_in_which_they_started() -> None:
    time = Time()
    clock: Clock[str] = Clock(10.0, time)
    for name in ("a", "b", "c", "d"):
        clock.start(name)
        time.now += 1
    clock.start("b")
    clock.stop("c")
    time.now = 9.9
    assert list(clock.expired()) == []
    time.now = 13.0
    assert list(clock.expired()) == ["a", "d"]
    assert ("a" in clock, "b" in clock) == (False, True)
    time.now = 14.0
    assert list(clock.expired()) == ["b"]


def test_longest_wait_is_the_first() -> None:
    time = Time()
    clock: Clock[str] = Clock(10.0, time)
    assert clock.longest(except_for="a") is None
    clock.start("a")
    time.now = 1.0
    clock.start("b")
    assert clock.longest(except_for="c") == (0.0, "a")
    assert clock.longest(except_for="a") == (1.0, "b")
