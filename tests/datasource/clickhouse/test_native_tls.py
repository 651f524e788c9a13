"""TLS: the certificate of the server is always verified."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.native_engine import NativeEngine
from errors import ErrorCode, GatewayError
from tests.datasource.clickhouse.native_servers import QUICK, serving
from tests.support.native_server import Backend

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=fixture"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-out", str(cert), "-keyout", str(key)),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


async def query(
    backend: Backend, certificate: tuple[Path, Path], host: str, options: str
) -> tuple[list[object], ...]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(backend, tls=context) as server:
        url = f"clickhouse://{host}:{server.port}/default?{options}"
        engine = NativeEngine.open(ServerAddress.parse(url), timeouts=QUICK)
        try:
            return (await engine.query("SELECT number FROM numbers(3)")).columns
        finally:
            await engine.close()


async def test_known_certificate_is_accepted(backend: Backend, certificate: tuple[Path, Path]) -> None:
    options = f"secure=1&ca_cert={certificate[0]}"
    assert await query(backend, certificate, "127.0.0.1", options) == ([0, 1, 2],)


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("127.0.0.1", "secure=1"),
        ("localhost", "secure=1&ca_cert={ca}"),
        ("127.0.0.1", "secure=0"),
    ],
    ids=["unknown certificate", "wrong host", "plain text"],
)
async def test_untrusted_connection_is_rejected(
    backend: Backend, certificate: tuple[Path, Path], host: str, options: str
) -> None:
    with pytest.raises(GatewayError) as raised:
        await query(backend, certificate, host, options.format(ca=certificate[0]))
    assert raised.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
