"""URLs of servers: read in full, or refused without showing the password."""

from pathlib import Path

import pytest

from datasource.clickhouse.address import Host, ServerAddress
from errors import BadUserInput


def test_address_of_a_full_url() -> None:
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
def test_address_of_a_short_url_has_defaults(url: str) -> None:
    assert ServerAddress.parse(url) == ServerAddress(hosts=(Host("one", 9000),))


@pytest.mark.parametrize(
    "url", ["clickhouses://one", "clickhouse://one?secure=true", "clickhouses://one/?secure=1"]
)
def test_address_is_secure_by_scheme_or_parameter(url: str) -> None:
    assert ServerAddress.parse(url) == ServerAddress(hosts=(Host("one", 9440),), is_secure=True)


def test_address_names_the_file_of_certificates(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("")
    assert ServerAddress.parse(f"clickhouses://one/?ca_cert={file}").ca_cert == file


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://one", "does not begin with clickhouse://"),
        ("one:9000", "does not begin with clickhouse://"),
        ("clickhouse://u:secret@", "host is missing"),
        ("clickhouse://u:secret@one,,two", "host is missing"),
        ("clickhouse://u:secret@one:port", "cannot be read"),
        ("clickhouse://u:secret@one:0", "host is missing"),
        ("clickhouse://u:secret@[::1", "cannot be read"),
        ("clickhouse://u:secret@one?secure=yes", "neither 1 nor 0"),
        ("clickhouse://u:secret@one?secure", "not a list of name=value"),
        ("clickhouse://u:secret@one?secure=1&secure=1", "there twice"),
        ("clickhouse://u:secret@one?verify=0", "There is no parameter 'verify'"),
        ("clickhouse://u:secret@one?compression=gzip", "not one of lz4, zstd"),
        ("clickhouse://u:secret@one?ca_cert=/no/such", "of no use without secure=1|There is no file"),
        ("clickhouses://u:secret@one?ca_cert=/no/such", "There is no file"),
        ("clickhouses://u:secret@one?secure=0", "contradict"),
        ("clickhouse://u:secret#@one", "#"),
    ],
)
def test_address_that_cannot_be_used_is_refused(url: str, reason: str) -> None:
    with pytest.raises(BadUserInput, match=reason) as refused:
        ServerAddress.parse(url)
    assert "secret" not in f"{refused.value.message} {refused.value.hint}"


def test_address_does_not_show_its_password() -> None:
    assert "secret" not in repr(ServerAddress.parse("clickhouse://u:secret@one"))
