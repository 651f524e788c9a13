"""Checks before tables are created or used: matching tables, and a correctly configured cluster."""

from collections.abc import Sequence
from typing import Final

from datasource.clickhouse.engine import Engine
from errors import BadUserInput

_GUIDE: Final = "See docs/scaling.md."
_SERVERS: Final = """
SELECT shard_num, count() AS servers, min(internal_replication) AS is_replicated
FROM system.clusters WHERE cluster = {cluster:String} GROUP BY shard_num ORDER BY shard_num
"""

_CLUSTERS: Final = "SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster"

_MACROS: Final = """
SELECT hostName() AS host, tcpPort() AS port,
    anyIf(substitution, macro = 'shard') AS shard, anyIf(substitution, macro = 'replica') AS replica
FROM clusterAllReplicas({cluster:String}, system.macros) GROUP BY host, port ORDER BY host, port
"""

_TABLES: Final = """
SELECT hostName() AS host, tcpPort() AS port, uniqExact(name) AS tables
FROM clusterAllReplicas({cluster:String}, system.tables)
WHERE database = {database:String} AND name IN {names:Array(String)}
GROUP BY host, port
"""

_EVENTS: Final = "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'events'"


async def check_cluster(engine: Engine, cluster: str) -> None:
    """Raise BadUserInput for an unknown cluster, or one whose servers' configuration is incomplete."""
    shards = list((await engine.query(_SERVERS, {"cluster": cluster})).rows())
    if not shards:
        known = (await engine.query(_CLUSTERS)).columns[0]
        raise BadUserInput(
            "Unknown cluster {cluster!r}.",
            cluster=cluster,
            known=tuple(known) or ("none",),
            hint="Clusters in the server's configuration: {known}. See `remote_servers` there.",
        )
    if any(int(str(servers)) > 1 and not is_replicated for _, servers, is_replicated in shards):
        raise BadUserInput(
            "The shards of the cluster {cluster!r} have replicas without `internal_replication`.",
            cluster=cluster,
            hint="Set it to true for each shard in `remote_servers`; otherwise rows are stored twice. {guide}",
            guide=_GUIDE,
        )
    await _check_macros(engine, cluster, sum(int(str(servers)) for _, servers, _ in shards))


async def _check_macros(engine: Engine, cluster: str, servers: int) -> None:
    _, _, shards, replicas = (await engine.query(_MACROS, {"cluster": cluster})).columns
    if len(shards) < servers or not all(shards) or not all(replicas):
        raise BadUserInput(
            "Not every server of the cluster {cluster!r} has the macros `shard` and `replica`.",
            cluster=cluster,
            hint="Define both in the configuration of each server. {guide}",
            guide=_GUIDE,
        )
    if len(set(zip(shards, replicas, strict=True))) < servers:
        raise BadUserInput(
            "Two servers of the cluster {cluster!r} have the same macros `shard` and `replica`.",
            cluster=cluster,
            hint="Give each shard its own `shard`, and each server of a shard its own `replica`.",
        )


async def check_table_kind(engine: Engine) -> None:
    """Raise BadUserInput when the tables belong to one server and the settings say a cluster, or vice versa."""
    found = (await engine.query(_EVENTS)).columns[0]
    if not found:
        return
    definition = str(found[0])
    if engine.cluster is None and definition.startswith("Distributed("):
        raise BadUserInput(
            "The tables of this database belong to a cluster.",
            hint="Set TRENDGATE_CLICKHOUSE_CLUSTER to its name.",
        )
    if engine.cluster is not None and not definition.startswith(f"Distributed('{engine.cluster}',"):
        raise BadUserInput(
            "This database already has tables, which do not belong to the cluster {cluster!r}.",
            cluster=engine.cluster,
            hint="Create the tables in a new database and copy the rows. {guide}",
            guide=_GUIDE,
        )


async def has_all_tables(engine: Engine, cluster: str, database: str, names: Sequence[str]) -> bool:
    """Whether every server of the cluster has the tables; an added server has none."""
    shards = list((await engine.query(_SERVERS, {"cluster": cluster})).rows())
    params = {"cluster": cluster, "database": database, "names": names}
    tables = (await engine.query(_TABLES, params)).columns[2]
    return len(tables) == sum(int(str(count)) for _, count, _ in shards) and set(tables) == {len(names)}


async def other_server_has_tables(engine: Engine, cluster: str, database: str) -> bool:
    """Whether any server of the cluster has the tables."""
    params = {"cluster": cluster, "database": database, "names": ["schema_versions"]}
    return bool((await engine.query(_TABLES, params)).columns[2])
