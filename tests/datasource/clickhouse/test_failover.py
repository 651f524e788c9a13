"""The order in which hosts are tried."""

from datasource.clickhouse.address import Host, Hosts

ONE, TWO, THREE = (Host(name, 9000) for name in ("one", "two", "three"))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_hosts_are_tried_in_the_order_given() -> None:
    assert Hosts([ONE, TWO, THREE]).in_order() == (ONE, TWO, THREE)


def test_host_that_failed_is_last_for_a_while() -> None:
    clock = Clock()
    hosts = Hosts([ONE, TWO, THREE], rest_s=10, clock=clock)
    hosts.failed(ONE)
    assert hosts.in_order() == (TWO, THREE, ONE)
    clock.now += 9.9
    assert hosts.preferred() == TWO
    clock.now += 0.1
    assert hosts.in_order() == (ONE, TWO, THREE)


def test_host_that_answers_rests_no_more() -> None:
    hosts = Hosts([ONE, TWO])
    hosts.failed(ONE)
    hosts.answered(ONE)
    assert hosts.preferred() == ONE


def test_hosts_that_all_failed_are_tried_after_all() -> None:
    hosts = Hosts([ONE, TWO])
    hosts.failed(TWO)
    hosts.failed(ONE)
    assert hosts.in_order() == (ONE, TWO)
