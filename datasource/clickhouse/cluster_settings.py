"""What every statement carries where the tables are those of a cluster: the one place that says so."""

from collections.abc import Mapping
from typing import Final

_RIGHT_FIGURES: Final[Mapping[str, int | str]] = {
    # Sessions and sets of persons that are read from all shards go to every shard as a whole.
    "distributed_product_mode": "global",
    # A figure without a shard's events would be wrong, and nobody could see it.
    "skip_unavailable_shards": 0,
    # Persons are merged while reading, so the rows of one person may be on several shards.
    "distributed_group_by_no_merge": 0,
    "optimize_skip_unused_shards": 0,
}

READING: Final[Mapping[str, int | str]] = _RIGHT_FIGURES

WRITING: Final[Mapping[str, int | str]] = {
    **_RIGHT_FIGURES,
    # An insert that has been answered is on the shards, not in a queue of the server that took it ...
    "distributed_foreground_insert": 1,
    # ... and on the majority of each shard's replicas.
    "insert_quorum": "auto",
    # Rows that were deleted are gone everywhere before anything is counted anew.
    "mutations_sync": 2,
    "lightweight_deletes_sync": 2,
}
