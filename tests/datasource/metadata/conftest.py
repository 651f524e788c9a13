from tests.support.metadata_stores import database_url, store

__all__ = ["database_url", "store"]
