"""A cluster of ClickHouse servers, one process each: real Distributed tables over real sockets.

The servers are chdb, which can listen with ClickHouse's own protocol. It lacks Keeper and the ON CLUSTER queue,
for which `engine.py` stands in.
"""

from tests.support.cluster_servers.engine import ClusterEngine, migrated_cluster, open_cluster
from tests.support.cluster_servers.servers import CLUSTER, start_servers

__all__ = ["CLUSTER", "ClusterEngine", "migrated_cluster", "open_cluster", "start_servers"]
