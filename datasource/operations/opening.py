"""Which store keeps the texts of operations."""

from datasource.operations.memory import MemoryOperations
from datasource.operations.store import OperationStore
from settings import Settings


def open_operations(settings: Settings) -> OperationStore | None:
    """None where they are not kept: clients then send every text in full."""
    if not settings.persisted_queries:
        return None
    return MemoryOperations(max_bytes=settings.persisted_queries_max_bytes, ttl_s=settings.persisted_queries_ttl_s)
