"""The settings that every statement carries on a cluster, the only place that knows of them."""

from collections.abc import Mapping
from typing import Final

_CORRECTNESS: Final[Mapping[str, int | str]] = {
    # Sessions and sets of persons that are read from all shards are sent to every shard as a whole.
    "distributed_product_mode": "global",
    # A count without one shard's events would be wrong without a sign of it.
    "skip_unavailable_shards": 0,
    # Persons are merged while reading, so the rows of one person may be on several shards.
    "distributed_group_by_no_merge": 0,
    "optimize_skip_unused_shards": 0,
}

READING: Final[Mapping[str, int | str]] = _CORRECTNESS

WRITING: Final[Mapping[str, int | str]] = {
    **_CORRECTNESS,
    # An acknowledged insert is on the shards, not in the queue of the server that received it ...
    "distributed_foreground_insert": 1,
    # ... and on the majority of each shard's replicas.
    "insert_quorum": "auto",
    # Deleted rows are gone everywhere before anything is counted again.
    "mutations_sync": 2,
    "lightweight_deletes_sync": 2,
}
