from pathlib import Path

import pytest

from datasource.clickhouse.address import Host, ServerAddress
from errors import BadUserInput


def test_url_with_all_parts_is_parsed() -> None:
    url = "clickhouse://ada:p%40ss%2Fw%3Aord@one:9001,two,[::1]:9002/my%20events?secure=1&compression=zstd"
    assert ServerAddress.parse(url) == ServerAddress(
        hosts=(Host("one", 9001), Host("two", 9440), Host("::1", 9002)),
        user="ada",
        password="p@ss/w:ord",
        database="my events",
        is_secure=True,
        compression="zstd",
    )


@pytest.mark.parametrize(
    "url", ["clickhouse://one", "clickhouse://one/", "clickhouse://one:9000/default?secure=0"]
)
def test_short_url_uses_defaults(url: str) -> None:
    assert ServerAddress.parse(url) == ServerAddress(hosts=(Host("one", 9000),))


@pytest.mark.parametrize(
    "url", ["clickhouses://one", "clickhouse://one?secure=true", "clickhouses://one/?secure=1"]
)
def test_scheme_or_parameter_enables_tls(url: str) -> None:
    assert ServerAddress.parse(url) == ServerAddress(hosts=(Host("one", 9440),), is_secure=True)


def test_ca_cert_is_a_path(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("")
    assert ServerAddress.parse(f"clickhouses://one/?ca_cert={file}").ca_cert == file


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://one", "must begin with clickhouse://"),
        ("one:9000", "must begin with clickhouse://"),
        ("clickhouse://u:secret@", "host name or port is missing"),
        ("clickhouse://u:secret@one,,two", "host name or port is missing"),
        ("clickhouse://u:secret@one:port", "host name or port is invalid"),
        ("clickhouse://u:secret@one:0", "host name or port is missing"),
        ("clickhouse://u:secret@[::1", "host name or port is invalid"),
        ("clickhouse://u:secret@one?secure=yes", "must be 1 or 0"),
        ("clickhouse://u:secret@one?secure", "must be a list of name=value"),
        ("clickhouse://u:secret@one?secure=1&secure=1", "occurs twice"),
        (
            "clickhouse://u:secret@one?verify=0",
            "Unknown parameter 'verify'; the valid ones are secure, ca_cert, compression",
        ),
        ("clickhouse://u:secret@one?compression=gzip", "must be one of lz4, zstd"),
        (f"clickhouse://u:secret@one?ca_cert={__file__}", "ca_cert needs secure=1"),
        ("clickhouses://u:secret@one?ca_cert=/no/such", "/no/such of ca_cert does not exist"),
        ("clickhouses://u:secret@one?secure=0", "contradict"),
        ("clickhouse://u:secret#@one", "contains a #"),
    ],
)
def test_invalid_url_is_rejected_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(BadUserInput, match=reason) as raised:
        ServerAddress.parse(url)
    assert "secret" not in f"{raised.value.message} {raised.value.hint}"


def test_repr_hides_the_password() -> None:
    assert "secret" not in repr(ServerAddress.parse("clickhouse://u:secret@one"))
