"""The ClickHouse of another installation, which the gateway only reads."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from datasource.clickhouse.engine import EngineWrapper, ParamValue
from datasource.clickhouse.native_format import NativeBlock
from errors import NotAvailable


class ReadOnlyEngine(EngineWrapper):
    """An engine that cannot change anything: commands and inserts raise NOT_AVAILABLE."""

    async def command(
        self,
        text: str,  # noqa: ARG002 - the engine's signature
        params: Mapping[str, ParamValue] | None = None,  # noqa: ARG002 - the engine's signature
        *,
        blocks: Sequence[NativeBlock] = (),  # noqa: ARG002 - the engine's signature
    ) -> None:
        raise _read_only()

    async def insert(
        self,
        text: str,  # noqa: ARG002 - the engine's signature
        batch: pa.Table,  # noqa: ARG002 - the engine's signature
        params: Mapping[str, ParamValue] | None = None,  # noqa: ARG002 - the engine's signature
    ) -> None:
        raise _read_only()


def _read_only() -> NotAvailable:
    return NotAvailable(
        "The events are in another installation's tables, which are read-only.",
        hint="Set TRENDGATE_EVENTS_LAYOUT=native to use the gateway's own tables.",
    )
