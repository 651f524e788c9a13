"""Opens the metadata store that the settings name."""

from datasource.metadata.engine import PoolLimits
from datasource.metadata.store import MetadataStore
from settings import Settings


def open_metadata(settings: Settings) -> MetadataStore:
    """The database of TRENDGATE_DATABASE_URL, or SQLite in the data folder.

    Raises BadUserInput for a URL that cannot be used. Whether the database answers is found out when it is asked.
    """
    limits = PoolLimits(
        connections=settings.database_connections,
        wait_s=settings.database_wait_s,
        statement_s=settings.database_timeout_s,
    )
    return MetadataStore.open(settings.metadata_url, limits)
