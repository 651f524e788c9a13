from datasource.clickhouse.address import Host
from datasource.clickhouse.failover import Failover

ONE, TWO, THREE = (Host(name, 9000) for name in ("one", "two", "three"))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_hosts_are_tried_in_order() -> None:
    assert Failover([ONE, TWO, THREE]).in_order() == (ONE, TWO, THREE)


def test_host_that_is_down_is_last_until_it_has_cooled_down() -> None:
    clock = Clock()
    failover = Failover([ONE, TWO, THREE], cooldown_s=10, clock=clock)
    failover.mark_down(ONE)
    assert failover.in_order() == (TWO, THREE, ONE)
    clock.now += 9.9
    assert failover.preferred() == TWO
    clock.now += 0.1
    assert failover.in_order() == (ONE, TWO, THREE)


def test_host_that_is_up_again_is_first_at_once() -> None:
    failover = Failover([ONE, TWO])
    failover.mark_down(ONE)
    failover.mark_up(ONE)
    assert failover.preferred() == ONE


def test_hosts_that_are_all_down_are_tried_in_order() -> None:
    failover = Failover([ONE, TWO])
    failover.mark_down(TWO)
    failover.mark_down(ONE)
    assert failover.in_order() == (ONE, TWO)
