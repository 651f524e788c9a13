"""Clients that send or read slowly, or too much, over HTTP."""

import sys
import time

import pytest

from tests.asgi.sockets.conftest import LARGE, MEDIUM, Client, Serve

POST = b"POST /echo HTTP/1.1\r\nhost: test\r\n"


def test_connection_without_a_request_is_closed(serve: Serve) -> None:
    with serve(head_timeout_s=0.3) as running:
        assert running.connect().read() == b""


def test_slow_head_is_answered_408(serve: Serve) -> None:
    with serve(head_timeout_s=0.3) as running:
        client = running.connect()
        client.send(b"GET /small HTTP/1.1\r\n")
        assert client.drip(b"x: y\r\n").startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert client.read_to_end() == b""


def test_empty_lines_are_no_head(serve: Serve) -> None:
    with serve(head_timeout_s=0.3) as running:
        assert running.connect().drip(b"\r\n") == b""


def test_slow_head_after_a_request_is_answered_408(serve: Serve) -> None:
    with serve(head_timeout_s=0.3) as running:
        client = running.connect()
        client.get("/small")
        assert client.read_answer().endswith(b"small")
        assert client.drip(b"G").startswith((b"HTTP/1.1 408", b"HTTP/1.1 400"))


def test_unused_connection_is_closed_and_a_used_one_is_not(serve: Serve) -> None:
    with serve(keep_alive_s=1, head_timeout_s=0.3) as running:
        client = running.connect()
        for _ in range(3):
            client.get("/small")
            assert client.read_answer().endswith(b"small")
            assert client.is_silent(0.5)
        assert client.read() == b""


@pytest.mark.parametrize("framing", [b"content-length: 1000", b"transfer-encoding: chunked"])
def test_slow_body_is_answered_408(serve: Serve, framing: bytes) -> None:
    with serve(body_timeout_s=0.3) as running:
        client = running.connect()
        client.send(POST + framing + b"\r\n\r\n")
        part = b"x" if b"length" in framing else b"1\r\nx\r\n"
        assert client.drip(part).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_slow_body_of_an_answered_request_ends_with_the_connection(serve: Serve) -> None:
    with serve(body_timeout_s=0.3) as running:
        client = running.connect()
        client.send(b"POST /small HTTP/1.1\r\nhost: test\r\ncontent-length: 1000\r\n\r\n")
        assert client.read_answer().startswith(b"HTTP/1.1 405")
        assert client.drip(b"x") == b""


def test_body_in_time_is_answered_and_its_connection_stays(serve: Serve) -> None:
    with serve(body_timeout_s=5.0, head_timeout_s=0.3) as running:
        client = running.connect()
        for _ in range(2):
            client.send(POST + b"content-length: 2\r\n\r\na")
            assert client.is_open()
            client.send(b"b")
            assert client.read_answer().endswith(b"ab")


def test_running_request_has_no_clock(serve: Serve) -> None:
    with serve(head_timeout_s=0.2, body_timeout_s=0.2, send_timeout_s=0.2, keep_alive_s=1) as running:
        client = running.connect()
        client.get("/wait")
        assert client.is_silent(1.5)
        running.release.set()
        assert client.read_answer().endswith(b"done")


def test_client_that_reads_nothing_is_cut(serve: Serve) -> None:
    with serve(send_timeout_s=0.3) as running:
        client = running.connect(buffer=4096)
        client.get("/large")
        running.wait_for(connections=1)
        running.wait_for(connections=0)
        assert len(client.read_to_end()) < LARGE


def test_client_that_does_not_read_the_last_answer_is_cut(serve: Serve) -> None:
    with serve(send_timeout_s=0.3) as running:
        client = running.connect(buffer=4096)
        client.get("/large", "connection: close")
        running.wait_for(connections=1)
        running.wait_for(connections=0)


@pytest.mark.skipif(sys.platform != "linux", reason="needs TCP_USER_TIMEOUT")
def test_client_that_reads_nothing_is_cut_by_the_operating_system_too(serve: Serve) -> None:
    """The server has sent everything, as far as it knows."""
    with serve(send_timeout_s=0.3, keep_alive_s=1) as running:
        client = running.connect(buffer=4096)
        client.get("/medium")
        running.wait_for(connections=1)
        running.wait_for(connections=0)
        time.sleep(2)  # until the system looks at the connection again
        assert len(client.read_to_end()) < MEDIUM


def test_client_that_reads_slowly_gets_everything(serve: Serve) -> None:
    with serve(send_timeout_s=0.3) as running:
        client = running.connect()
        client.get("/large")
        received = 0
        while received < LARGE:
            part = client.read(256 * 1024)
            assert part
            received += len(part)
            if received % (4 * 1024 * 1024) < len(part):
                time.sleep(0.1)


def test_large_head_is_answered_431(serve: Serve) -> None:
    with serve() as running:
        client = running.connect()
        client.get("/small", "x: " + "y" * 65_000)
        assert client.read_answer().endswith(b"small")
        client.get("/small", *["x: " + "y" * 1_000] * 70)
        assert client.read_answer().startswith(b"HTTP/1.1 431 ")
        assert client.read_to_end() == b""


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nx: "])
def test_endless_head_is_answered_431(serve: Serve, start: bytes) -> None:
    with serve() as running:
        client = running.connect()
        client.send(start)
        assert _flood(client, b"y" * 65_536) < 16 * 1024 * 1024


def test_endless_trailers_are_cut(serve: Serve) -> None:
    with serve(max_request_bytes=1000) as running:
        client = running.connect()
        client.send(POST + b"transfer-encoding: chunked\r\n\r\n0\r\nx: ")
        assert _flood(client, b"y" * 65_536) < 16 * 1024 * 1024


def test_few_pipelined_requests_are_answered_in_order_and_many_are_not(serve: Serve) -> None:
    with serve() as running:
        client = running.connect()
        client.send(b"".join(POST + b"content-length: 1\r\n\r\n%d" % number for number in range(10)))
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 10 or not answers.endswith(b"9"):
            answers += client.read()
        assert [part[-1:] for part in answers.split(b"HTTP/1.1 200")[1:]] == [b"%d" % n for n in range(10)]
        many = running.connect()
        many.send(b"GET /wait HTTP/1.1\r\nhost: test\r\n\r\n" * 1_000)
        many.read_to_end()


@pytest.mark.parametrize("start", [b"a" * 100, b"\x16\x03\x01"])
def test_what_is_not_http_is_answered_400(serve: Serve, start: bytes) -> None:
    with serve() as running:
        client = running.connect()
        client.send(start + b"\r\n\r\n")
        assert client.read_answer().startswith(b"HTTP/1.1 400 ")


def _flood(client: Client, data: bytes) -> int:
    """Send the data until the server closes the connection; return how much was sent."""
    sent = 0
    while sent < 256 * 1024 * 1024:
        try:
            client.send(data)
        except (BrokenPipeError, ConnectionResetError):
            break
        sent += len(data)
    return sent
