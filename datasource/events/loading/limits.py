"""The bounds of the loader's own look-ups, which are wider than those of a client's query."""

from typing import Final

from datasource.clickhouse.engine import Limits

LOADING: Final = Limits(seconds=600.0, rows_to_read=2**60, result_rows=1_000_000)
