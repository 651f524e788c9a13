import asyncio

import typer

from asgi.stores import open_stores, repair_all
from commands.refusals import load_settings
from commands.stores import with_store
from datasource.metadata.store import MetadataStore
from settings import Settings


def register(cli: typer.Typer) -> None:
    cli.command()(migrate)


def migrate() -> None:
    """Make the tables of the metadata store and of a ClickHouse server, or bring them up to date.

    The embedded ClickHouse gets its tables when it is opened. Roll-ups that an interrupted load left wrong on a
    server are counted anew.
    """
    settings = load_settings()
    if settings.clickhouse_url is None:
        with_store(MetadataStore.ping)
        typer.echo("The metadata store is up to date.")
        return
    batches = asyncio.run(_migrate_both(settings))
    typer.echo("The metadata store and the ClickHouse server are up to date.")
    if batches:
        typer.echo(f"Batches of interrupted loads that were counted anew: {batches}.")


async def _migrate_both(settings: Settings) -> int:
    async with open_stores(settings) as stores:
        return await repair_all(stores.metadata, stores.events)
