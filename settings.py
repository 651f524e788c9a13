"""Every setting of the gateway, read from `TRENDGATE_…` environment variables."""

import re
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


def _check_origin(origin: str) -> str:
    if origin != "*" and not _ORIGIN.fullmatch(origin):
        raise ValueError(f"{origin!r} is no origin: https://host or https://host:port in small letters, or *")
    return origin


Origin = Annotated[str, AfterValidator(_check_origin)]


class Settings(BaseSettings):
    """One value per setting; the field's description is the README's settings table."""

    model_config = SettingsConfigDict(env_prefix="TRENDGATE_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        Path(".trendgate"), description="Folder of the embedded stores: metadata, events, the demo's key."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    events_layout: Literal["native", "posthog"] = Field(
        "native",
        description="Whose tables hold the events: native, the gateway's own; posthog, those of a running "
        "PostHog, which are only read (docs/posthog.md).",
    )
    database_url: SecretStr | None = Field(
        None,
        description="URL of the metadata store, `postgresql://user:password@host/database` or `sqlite:///file`; "
        "default: SQLite in the data folder.",
    )
    database_connections: PositiveInt = Field(10, description="Most connections to PostgreSQL in this process.")
    database_wait_s: PositiveFloat = Field(
        10.0, description="Longest time a request waits for a connection to PostgreSQL, seconds."
    )
    database_timeout_s: PositiveFloat = Field(
        15.0, description="Longest time one statement in PostgreSQL may run or wait for locks, seconds."
    )
    clickhouse_url: SecretStr | None = Field(
        None,
        description="URL of a ClickHouse server, `clickhouse://user:password@host:9000/database?secure=1`; "
        "default: the embedded ClickHouse in the data folder.",
    )
    clickhouse_cluster: str | None = Field(
        None,
        description="Name of the ClickHouse cluster that holds the tables, as its servers' configuration has it "
        "(docs/scaling.md); default: one server, or ClickHouse Cloud.",
    )
    clickhouse_connect_timeout_s: PositiveFloat = Field(
        3.0, description="Longest time that connecting to one host of the ClickHouse server may take, seconds."
    )
    clickhouse_receive_timeout_s: PositiveFloat = Field(
        300.0, description="Longest silence of a ClickHouse server at work, seconds."
    )
    redis_url: SecretStr | None = Field(
        None,
        description="URL of a Redis that several servers share, `redis://user:password@host:6379/0`; default: "
        "each keeps in its memory what it can compute anew.",
    )
    cors_origins: Annotated[tuple[Origin, ...] | None, NoDecode] = Field(
        None,
        description="Origins whose pages may ask the gateway from a browser, `https://app.example.com`, with "
        "commas between them, or `*` for all; default: its own only.",
    )
    graphiql: bool = Field(True, description="Serve GraphiQL at /graphql to browsers.")
    introspection: bool = Field(True, description="Answer introspection queries.")
    cache_bytes: NonNegativeInt = Field(
        128 * 1024**2, description="Most memory for answers kept in this process, bytes; 0 keeps none."
    )
    persisted_queries: bool = Field(
        True,
        description="Keep the texts of operations that clients send with their hash: automatic persisted queries.",
    )
    persisted_queries_max_bytes: PositiveInt = Field(
        32 * 1024**2,
        description="Most memory that kept operations may take in this process, bytes; with a Redis it decides.",
    )
    persisted_queries_ttl_s: PositiveInt = Field(
        86_400, description="How long an operation that nobody sends is kept, seconds."
    )
    operations_manifest: Path | None = Field(
        None,
        description="File of operations that clients may send by their id, as Apollo's and Relay's compilers "
        "write it (docs/persisted-operations.md).",
    )
    operations_registered_only: bool = Field(
        False, description="Answer the operations of the manifest only, each by its id; GraphiQL is off then."
    )
    query_timeout_s: PositiveFloat = Field(30.0, description="Longest time one ClickHouse query may run, seconds.")
    query_max_rows: PositiveInt = Field(2_000_000_000, description="Most rows one ClickHouse query may read.")
    query_max_memory: PositiveInt = Field(
        4 * 1024**3, description="Most memory one ClickHouse query may take, bytes."
    )
    query_concurrency: PositiveInt = Field(
        4, description="ClickHouse queries at once in this process; most connections to a server."
    )
    query_concurrency_per_key: PositiveInt = Field(
        3, description="ClickHouse queries at once of one API key in this process."
    )
    query_wait_s: PositiveFloat = Field(
        30.0, description="Longest time a ClickHouse query waits for its turn, seconds."
    )
    query_queue: PositiveInt = Field(1_000, description="Most ClickHouse queries that wait for their turn.")
    max_filters: PositiveInt = Field(
        200,
        description="Most property filters in one trend query, nested ones included.",
    )
    max_trends: PositiveInt = Field(50, description="Most trends in one GraphQL request.")
    max_query_depth: PositiveInt = Field(15, description="Deepest nesting of a GraphQL document.")
    max_query_aliases: PositiveInt = Field(50, description="Most aliases in one GraphQL document.")
    max_query_tokens: PositiveInt = Field(5_000, description="Most tokens in one GraphQL document.")
    max_variable_objects: PositiveInt = Field(
        2_000, description="Most input objects in the variables of one GraphQL request."
    )
    max_query_cost: PositiveInt = Field(
        10_000, description="Most that one GraphQL request may cost, in the units of @cost."
    )
    cost_per_minute: NonNegativeInt = Field(
        0, description="Most that the requests of one API key may cost per minute in this process; 0: no bound."
    )
    max_request_bytes: PositiveInt = Field(
        1024**2, description="Largest request body, and largest message of a WebSocket, bytes."
    )
    max_socket_operations: PositiveInt = Field(
        20, description="Most operations that run at once on one WebSocket."
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="What links to exports are signed with, 32 characters or more, the same for all gateways of "
        "an installation; default: random, so that links are good in the process that made them alone.",
    )
    max_objects_with_rules: PositiveInt = Field(
        1_000, description="Most objects of one kind in a project that have access controls of their own."
    )
    metrics: bool = Field(False, description="Serve figures for Prometheus at /metrics.")
    metrics_token: SecretStr | None = Field(
        None, description="Token that /metrics asks for, as `Authorization: Bearer`; default: it asks for none."
    )
    slow_query_s: PositiveFloat = Field(
        10.0, description="ClickHouse queries that take longer are logged as a warning, seconds."
    )
    access_log: bool = Field(
        False, description="Write a log line for every HTTP request and every GraphQL operation."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Form of the log: text for people, json for machines, one object per line."
    )
    log_level: Literal["critical", "error", "warning", "info", "debug"] = Field(
        "info", description="The least level that is logged: critical, error, warning, info or debug."
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, origins: object) -> object:
        return (
            [each.strip() for each in origins.split(",") if each.strip()] if isinstance(origins, str) else origins
        )

    @property
    def events_path(self) -> Path:
        """Folder of the embedded ClickHouse."""
        return self.data_dir / "events"

    @property
    def metadata_url(self) -> str:
        """The metadata store's URL, the default filled in."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_dir / 'metadata.sqlite3'}"
