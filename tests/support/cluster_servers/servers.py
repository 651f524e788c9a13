"""Servers that are the shards of one cluster."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CLUSTER: Final = "two-shards"
MACROS: Final = tuple(f"<shard>{n}</shard><replica>a</replica>" for n in (1, 2))
_PROCESS: Final = Path(__file__).with_name("process.py")
_START_S: Final = 60


@contextmanager
def start_servers(folder: Path, macros: Sequence[str] = MACROS) -> Iterator[tuple[int, ...]]:
    """Start one server per item of `macros`, which names its shard, and yield their ports."""
    ports = _free_ports(len(macros))
    processes = [_start(folder / f"server{n}", ports, n, macros[n]) for n in range(len(macros))]
    try:
        for port, process in zip(ports, processes, strict=True):
            _await_port(port, process)
        yield ports
    finally:
        for process in processes:
            process.communicate()


def _free_ports(count: int) -> tuple[int, ...]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    return ports


def _start(folder: Path, ports: Sequence[int], index: int, macros: str) -> "subprocess.Popen[bytes]":
    folder.mkdir(parents=True)
    (folder / "config.xml").write_text(_config(ports, index, macros))
    output = (folder / "output").open("wb")
    with output:
        return subprocess.Popen(
            [sys.executable, str(_PROCESS)], cwd=folder, stdin=subprocess.PIPE, stdout=output, stderr=output
        )


def _config(ports: Sequence[int], index: int, macros: str) -> str:
    shards = "".join(
        "<shard><internal_replication>true</internal_replication>"
        f"<replica><host>127.0.0.1</host><port>{port}</port></replica></shard>"
        for port in ports
    )
    return (
        f"<clickhouse><tcp_port>{ports[index]}</tcp_port><listen_host>127.0.0.1</listen_host>"
        f"<macros>{macros}</macros>"
        f"<remote_servers><{CLUSTER}>{shards}</{CLUSTER}></remote_servers></clickhouse>"
    )


def _await_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, "a server of the cluster has exited"
            assert time.monotonic() < deadline, "a server of the cluster does not listen"
            time.sleep(0.05)
