"""The Compose file and its configuration files, checked without starting a container."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ruamel.yaml import YAML

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.metadata.engine import parse_database_url
from settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "docker-compose.yml"
CHECK = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
SERVICES: Mapping[str, Any] = YAML(typ="safe").load(COMPOSE)["services"]
GATEWAY = SERVICES["gateway"]["environment"]
VARIABLE = re.compile(r"\$\{(\w+)(?::[-?]([^}]*))?\}")


def filled_in(text: str) -> str:
    return VARIABLE.sub("s3cret", text)


def test_file_follows_the_compose_specification() -> None:
    done = subprocess.run([*CHECK, str(COMPOSE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_check_rejects_an_unknown_key(tmp_path: Path) -> None:
    invalid = tmp_path / "compose.yml"
    invalid.write_text(COMPOSE.read_text().replace("read_only: true", "readonly: true"))
    done = subprocess.run([*CHECK, str(invalid)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "readonly" in done.stdout


def test_settings_of_the_gateway_exist() -> None:
    known = {f"TRENDGATE_{name.upper()}" for name in Settings.model_fields}
    given = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert {name for name in given if name.startswith("TRENDGATE_")} <= known
    assert {"TRENDGATE_CLICKHOUSE_URL", "TRENDGATE_DATABASE_URL"} <= given
    assert "TRENDGATE_REDIS_URL" in given


def test_urls_are_valid_and_name_services() -> None:
    address = ServerAddress.parse(filled_in(GATEWAY["TRENDGATE_CLICKHOUSE_URL"]))
    assert [host.name for host in address.hosts] == ["clickhouse"]
    database = parse_database_url(filled_in(GATEWAY["TRENDGATE_DATABASE_URL"]))
    assert (database.host, database.database) == ("postgres", SERVICES["postgres"]["environment"]["POSTGRES_DB"])
    assert database.username == SERVICES["postgres"]["environment"]["POSTGRES_USER"]


def test_variables_are_documented_and_secrets_have_no_default() -> None:
    documented = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    used = dict(VARIABLE.findall(COMPOSE.read_text()))
    assert set(used) == set(documented)
    assert {name for name, otherwise in used.items() if otherwise == "see .env.example"} == {
        name for name in documented if "PASSWORD" in name
    }
    assert not any(documented[name] for name in documented if "PASSWORD" in name)


def test_only_the_gateway_is_published_and_that_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"gateway": ["${GATEWAY_ADDRESS:-127.0.0.1:8000}:8000"]}


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_limits_and_says_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    # The gateway has its health check in the image.
    assert name == "gateway" or "healthcheck" in service
    for other, dependency in service.get("depends_on", {}).items():
        assert other in SERVICES
        assert dependency["condition"] in ("service_healthy", "service_completed_successfully")


def test_mounted_files_exist_and_are_read_only() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", []) if mount[0] == "."]
    assert len(mounts) == 3
    for mount in mounts:
        source, _, mode = mount.split(":")
        assert (DEPLOY / source).exists(), mount
        assert mode == "ro"


def test_clickhouse_is_at_least_the_version_of_the_readme() -> None:
    (oldest,) = re.findall(r"ClickHouse (\d+\.\d+) or newer is needed", (ROOT / "README.md").read_text())
    tag = SERVICES["clickhouse"]["image"].rpartition(":")[2]
    assert [*map(int, tag.split("."))] >= [*map(int, oldest.split("."))]


def users() -> ET.Element:
    return ET.parse(DEPLOY / "clickhouse/users.d/gateway.xml").getroot()  # noqa: S314 - our own file


def grants() -> list[str]:
    return [query.text or "" for query in users().iterfind("users/trendgate/grants/query")]


def test_clickhouse_user_has_the_grants_of_the_readme() -> None:
    documented = re.findall(r"^ *(GRANT .+) TO trendgate;", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert grants() == documented
    assert users().find("profiles/trendgate") is not None


def test_clickhouse_password_comes_from_the_environment_of_its_service() -> None:
    password = users().find("users/trendgate/password")
    assert password is not None
    assert password.attrib == {"from_env": "GATEWAY_PASSWORD"}
    assert not (password.text or "").strip()
    password_value = SERVICES["clickhouse"]["environment"][password.attrib["from_env"]]
    assert password_value in GATEWAY["TRENDGATE_CLICKHOUSE_URL"]


def statements() -> Iterator[str]:
    yield from (f"{grant} TO trendgate" for grant in grants())
    for file in sorted((DEPLOY / "clickhouse/initdb.d").glob("*.sql")):
        yield from (text for text in file.read_text().split(";") if text.strip())


@pytest.mark.parametrize("statement", list(statements()))
async def test_clickhouse_parses_the_statements(embedded: EmbeddedEngine, statement: str) -> None:
    answer = await embedded.query(f"EXPLAIN AST {statement}")
    assert next(iter(answer.rows()))


async def test_clickhouse_knows_the_settings_of_the_profile(embedded: EmbeddedEngine) -> None:
    profile = users().find("profiles/trendgate")
    assert profile is not None
    answer = await embedded.query("SELECT name FROM system.settings")
    assert {setting.tag for setting in profile} <= {row[0] for row in answer.rows()}


def test_configuration_of_clickhouse_is_valid_xml() -> None:
    root = ET.parse(DEPLOY / "clickhouse/config.d/gateway.xml").getroot()  # noqa: S314 - our own file
    assert root.tag == "clickhouse"
    removed = {each.tag for each in root if each.get("remove")}
    assert removed == {"mysql_port", "postgresql_port", "interserver_http_port"}
