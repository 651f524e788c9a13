"""The settings of the gateway, read from environment variables `TRENDGATE_...`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")


def _check_url(url: str) -> str:
    if not _ORIGIN.fullmatch(url):
        raise ValueError(f"{url!r} is not an origin: use https://host or https://host:port in lower case")
    return url


def _check_origin(origin: str) -> str:
    if origin != "*" and not _ORIGIN.fullmatch(origin):
        raise ValueError(f"{origin!r} is not an origin: use https://host or https://host:port in lower case, or *")
    return origin


Origin = Annotated[str, AfterValidator(_check_origin)]


@dataclass(frozen=True, slots=True)
class Limit:
    """Marks a setting as a limit, for the table in docs/limits.md, which is made from the marks.

    `effect` is the code of the error, or says what happens instead; `unit` is the error's.
    """

    effect: str
    unit: str = ""


class Settings(BaseSettings):
    """All settings; README's table repeats their descriptions, which a test compares."""

    model_config = SettingsConfigDict(env_prefix="TRENDGATE_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        Path(".trendgate"),
        description="Directory of the embedded stores (metadata and events) and of the demo's key. "
        "Only the account that runs Trendgate can read it.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    public_url: Annotated[str, AfterValidator(_check_url)] | None = Field(
        None,
        description="URL at which clients reach the gateway, such as `https://trends.example.com`, for addresses "
        "in answers; default: those are paths.",
    )
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes of `serve`; more than one need a ClickHouse server (docs/deployment.md).",
    )
    events_layout: Literal["native", "posthog"] = Field(
        "native",
        description="Tables that hold the events: native for the gateway's own, posthog for those of a running "
        "PostHog, which are never written (docs/posthog.md).",
    )
    database_url: SecretStr | None = Field(
        None,
        description="URL of the metadata store, `postgresql://user:password@host/database` or `sqlite:///file`; "
        "default: SQLite in the data directory.",
    )
    database_connections: Annotated[PositiveInt, Limit("further requests wait")] = Field(
        10, description="Maximum PostgreSQL connections per process."
    )
    database_wait_s: Annotated[PositiveFloat, Limit("UPSTREAM_UNAVAILABLE", "seconds")] = Field(
        10.0, description="Maximum seconds that a request waits for a PostgreSQL connection."
    )
    database_timeout_s: Annotated[PositiveFloat, Limit("UPSTREAM_UNAVAILABLE", "seconds")] = Field(
        15.0, description="Maximum seconds that a PostgreSQL statement runs or waits for locks."
    )
    clickhouse_url: SecretStr | None = Field(
        None,
        description="URL of a ClickHouse server, `clickhouse://user:password@host:9000/database?secure=1`; "
        "default: the embedded ClickHouse in the data directory.",
    )
    clickhouse_cluster: str | None = Field(
        None,
        description="Name of the ClickHouse cluster that holds the tables, from its servers' configuration "
        "(docs/scaling.md); default: a single server or ClickHouse Cloud.",
    )
    clickhouse_connect_timeout_s: Annotated[PositiveFloat, Limit("UPSTREAM_UNAVAILABLE", "seconds")] = Field(
        3.0, description="Maximum seconds to connect to a ClickHouse host."
    )
    clickhouse_receive_timeout_s: Annotated[PositiveFloat, Limit("UPSTREAM_UNAVAILABLE", "seconds")] = Field(
        300.0, description="Maximum seconds that a ClickHouse server may stay silent while it runs a query."
    )
    redis_url: SecretStr | None = Field(
        None,
        description="URL of a Redis cache shared by several gateways, `redis://user:password@host:6379/0`; "
        "default: each process caches in its own memory.",
    )
    cors_origins: Annotated[tuple[Origin, ...] | None, NoDecode] = Field(
        None,
        description="Comma-separated origins whose pages may use the gateway from a browser, such as "
        "`https://app.example.com`, or `*` for all; default: the gateway's own origin only.",
    )
    graphiql: bool = Field(True, description="Serve GraphiQL at /graphql to browsers.")
    introspection: bool = Field(True, description="Allow introspection queries.")
    cache_bytes: Annotated[NonNegativeInt, Limit("evicts the least recently used", "bytes")] = Field(
        128 * 1024**2, description="Maximum bytes of memory for cached trends per process; 0 disables the cache."
    )
    persisted_queries: bool = Field(
        True,
        description="Support automatic persisted queries: store operations that clients send with their hash.",
    )
    persisted_queries_max_bytes: Annotated[PositiveInt, Limit("evicts the least recently used", "bytes")] = Field(
        32 * 1024**2,
        description="Maximum bytes of memory for persisted queries per process; not used with Redis.",
    )
    persisted_queries_ttl_s: PositiveInt = Field(
        86_400, description="Seconds after which an unused persisted query expires."
    )
    operations_manifest: Path | None = Field(
        None,
        description="File of operations that clients may send by id, in the format of Apollo's or Relay's "
        "compiler (docs/persisted-operations.md).",
    )
    operations_registered_only: bool = Field(
        False, description="Run only operations of the manifest, by their ids; disables GraphiQL."
    )
    query_timeout_s: Annotated[PositiveFloat, Limit("TIMEOUT", "seconds")] = Field(
        30.0, description="Maximum seconds that a ClickHouse query runs."
    )
    query_max_rows: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "rows")] = Field(
        2_000_000_000, description="Maximum rows that a ClickHouse query reads."
    )
    query_max_memory: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "bytes")] = Field(
        4 * 1024**3, description="Maximum bytes of memory that a ClickHouse query uses."
    )
    query_total_memory: Annotated[PositiveInt | None, Limit("RATE_LIMITED", "bytes")] = Field(
        None,
        description="Maximum bytes of memory that all running ClickHouse queries together use; default: half of "
        "the machine's or container's for the embedded ClickHouse, the server's own limits otherwise.",
    )
    query_concurrency: Annotated[PositiveInt, Limit("further queries wait")] = Field(
        4, description="Maximum concurrent ClickHouse queries, and connections to a server, per process."
    )
    query_concurrency_per_key: Annotated[PositiveInt, Limit("further queries wait")] = Field(
        3, description="Maximum concurrent ClickHouse queries of one API key per process."
    )
    query_wait_s: Annotated[PositiveFloat, Limit("RATE_LIMITED", "seconds")] = Field(
        30.0, description="Maximum seconds that a ClickHouse query waits in the queue."
    )
    query_queue: Annotated[PositiveInt, Limit("RATE_LIMITED", "queries")] = Field(
        1_000, description="Maximum ClickHouse queries in the queue."
    )
    max_filters: Annotated[PositiveInt, Limit("BAD_USER_INPUT")] = Field(
        200, description="Maximum property filters of a trend query, including nested ones."
    )
    max_trends: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "trends")] = Field(
        50, description="Maximum trends per GraphQL request."
    )
    max_figures: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "figures")] = Field(
        1_000_000, description="Maximum figures of a trend: its lines, also those behind formulas, times buckets."
    )
    max_query_depth: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "levels")] = Field(
        15, description="Maximum depth of a GraphQL document."
    )
    max_query_aliases: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "aliases")] = Field(
        50, description="Maximum aliases in a GraphQL document."
    )
    max_query_tokens: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "tokens")] = Field(
        5_000, description="Maximum tokens in a GraphQL document."
    )
    max_query_length: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "characters")] = Field(
        100_000, description="Maximum characters of a GraphQL document."
    )
    max_query_definitions: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "definitions")] = Field(
        100, description="Maximum operations and fragments in a GraphQL document."
    )
    max_query_selections: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "selections")] = Field(
        5_000, description="Maximum fields and fragments that a GraphQL document selects, with fragments inlined."
    )
    max_query_repeats: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "fields")] = Field(
        30, description="Maximum fields of one response name at one place of a GraphQL document."
    )
    keyless_divisor: PositiveInt = Field(
        5,
        description="Number that the limits on documents and variables are divided by for requests without a "
        "valid API key.",
    )
    document_cache_bytes: Annotated[PositiveInt, Limit("evicts the least recently used", "bytes")] = Field(
        32 * 1024**2, description="Maximum bytes of memory for parsed GraphQL documents per process."
    )
    max_variable_objects: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "objects")] = Field(
        2_000, description="Maximum input objects in the variables of a GraphQL request."
    )
    max_variable_values: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "values")] = Field(
        100_000, description="Maximum values in the variables of a GraphQL request, objects apart."
    )
    max_query_cost: Annotated[PositiveInt, Limit("QUERY_TOO_EXPENSIVE", "cost units")] = Field(
        10_000, description="Maximum cost of a request, in the units of @cost."
    )
    cost_per_minute: Annotated[NonNegativeInt, Limit("RATE_LIMITED", "cost units per minute")] = Field(
        0, description="Maximum cost of the requests of one API key per minute and process; 0 for no limit."
    )
    max_request_bytes: Annotated[PositiveInt, Limit("HTTP status 413", "bytes")] = Field(
        1024**2, description="Maximum bytes of a request body or WebSocket message."
    )
    max_socket_operations: Annotated[PositiveInt, Limit("RATE_LIMITED", "operations")] = Field(
        20, description="Maximum concurrent operations on one WebSocket."
    )
    max_connections: Annotated[PositiveInt, Limit("the longest wait makes room, or 503")] = Field(
        1_000, description="Maximum open connections per process."
    )
    keep_alive_s: Annotated[PositiveInt, Limit("closed", "seconds")] = Field(
        5, description="Maximum seconds between two requests on an HTTP connection."
    )
    head_timeout_s: Annotated[PositiveFloat, Limit("HTTP status 408", "seconds")] = Field(
        10.0, description="Maximum seconds in which the head of a request arrives."
    )
    body_timeout_s: Annotated[PositiveFloat, Limit("HTTP status 408", "seconds")] = Field(
        30.0, description="Maximum seconds in which the body of a request arrives."
    )
    send_timeout_s: Annotated[PositiveFloat, Limit("closed", "seconds")] = Field(
        30.0, description="Maximum seconds in which a client reads nothing, or next to nothing, of what is sent."
    )
    socket_init_timeout_s: Annotated[PositiveFloat, Limit("closed with 4408", "seconds")] = Field(
        10.0, description="Maximum seconds in which a WebSocket's connection_init arrives."
    )
    socket_idle_s: Annotated[PositiveFloat, Limit("closed with 1000", "seconds")] = Field(
        900.0, description="Maximum seconds without operations on a WebSocket."
    )
    keyless_socket_idle_s: Annotated[PositiveFloat, Limit("closed with 1000", "seconds")] = Field(
        30.0, description="Maximum seconds without operations on a WebSocket without an API key."
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Key that encrypts export links, at least 32 characters and the same for all gateways of an "
        "installation; default: random, so that links work only in the process that created them.",
    )
    max_objects_with_rules: Annotated[PositiveInt, Limit("BAD_USER_INPUT")] = Field(
        1_000, description="Maximum objects of one kind in a project with their own access controls."
    )
    metrics: bool = Field(False, description="Serve Prometheus metrics at /metrics.")
    metrics_token: SecretStr | None = Field(
        None, description="Token that scrapes of /metrics must send as `Authorization: Bearer`; default: none."
    )
    slow_query_s: PositiveFloat = Field(
        10.0, description="Seconds above which a ClickHouse query is logged as a warning."
    )
    access_log: bool = Field(False, description="Log every HTTP request and every GraphQL operation.")
    log_format: Literal["text", "json"] = Field(
        "text", description="Log format: text, or json with one object per line."
    )
    log_level: Literal["critical", "error", "warning", "info", "debug"] = Field(
        "info", description="Minimum level to log: critical, error, warning, info or debug."
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, origins: object) -> object:
        if not isinstance(origins, str):
            return origins
        return [each.strip() for each in origins.split(",") if each.strip()]

    @property
    def events_path(self) -> Path:
        """Directory of the embedded ClickHouse."""
        return self.data_dir / "events"

    @property
    def metadata_url(self) -> str:
        """URL of the metadata store, or the default."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_dir / 'metadata.sqlite3'}"
