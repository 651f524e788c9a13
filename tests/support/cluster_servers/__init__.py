"""A cluster of ClickHouse servers, each in a process of its own: real Distributed tables over real sockets.

The servers are chdb's: its command line can listen, in ClickHouse's own protocol. Two things a server has are not
in it, Keeper and the queue of ON CLUSTER, so `engine.py` stands in for these.
"""

from tests.support.cluster_servers.engine import ClusterEngine, migrated_cluster, open_cluster
from tests.support.cluster_servers.servers import CLUSTER, start_servers

__all__ = ["CLUSTER", "ClusterEngine", "migrated_cluster", "open_cluster", "start_servers"]
