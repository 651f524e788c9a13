import typer

from commands.stores import with_store
from datasource.metadata.store import MetadataStore


def register(cli: typer.Typer) -> None:
    cli.command()(migrate)


def migrate() -> None:
    """Make the metadata store's tables, or bring them up to date."""

    async def action(store: MetadataStore) -> None:
        await store.ping()

    with_store(action)
    typer.echo("The metadata store is up to date.")
