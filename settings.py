"""Every setting of the gateway, read from `TRENDGATE_…` environment variables."""

from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    database_url: str | None = Field(
        None, description="SQLAlchemy URL of the metadata store; default: SQLite in the data folder."
    )
    clickhouse_url: SecretStr | None = Field(
        None,
        description="URL of a ClickHouse server, `clickhouse://user:password@host:9000/database?secure=1`; "
        "default: the embedded ClickHouse in the data folder.",
    )
    clickhouse_connect_timeout_s: PositiveFloat = Field(
        3.0, description="Longest time that connecting to one host of the ClickHouse server may take, seconds."
    )
    clickhouse_receive_timeout_s: PositiveFloat = Field(
        300.0, description="Longest silence of a ClickHouse server at work, seconds."
    )
    graphiql: bool = Field(True, description="Serve GraphiQL at /graphql to browsers.")
    introspection: bool = Field(True, description="Answer introspection queries.")
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
    max_request_bytes: PositiveInt = Field(1024**2, description="Largest request body, bytes.")
    max_objects_with_rules: PositiveInt = Field(
        1_000, description="Most objects of one kind in a project that have access controls of their own."
    )
    access_log: bool = Field(False, description="Write a log line for every HTTP request.")
    log_level: Literal["critical", "error", "warning", "info", "debug"] = Field(
        "info", description="The least level that is logged: critical, error, warning, info or debug."
    )

    @property
    def events_path(self) -> Path:
        """Folder of the embedded ClickHouse."""
        return self.data_dir / "events"

    @property
    def metadata_url(self) -> str:
        """The metadata store's URL, the default filled in."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'metadata.sqlite3'}"
