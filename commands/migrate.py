import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from commands.environment import data_folder_in_use, load_settings
from commands.metadata import with_store
from commands.output import print_line
from datasource.clickhouse.engine import Engine
from datasource.clickhouse.errors import ClickHouseError
from datasource.clickhouse.open_engine import check_cluster_has_server, open_engine
from datasource.metadata.store import MetadataStore
from datasource.tables.migrate import MigrationTask, apply, plan_migration
from errors import BadUserInput, ErrorCode, GatewayError
from resolvers.stores import open_stores, repair_all
from settings import Settings

_HINTS: Final = {
    225: "The server has no Keeper. Check `zookeeper` in its configuration.",
    392: "The server does not accept ON CLUSTER statements. Check `distributed_ddl` in its configuration.",
}


def register(cli: typer.Typer) -> None:
    cli.command()(migrate)


def migrate(
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Create the tables on all servers of this cluster. Default: TRENDGATE_CLICKHOUSE_CLUSTER.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the statements for the ClickHouse server without running them."),
    ] = False,
) -> None:
    """Create or upgrade the tables of the metadata store and of a ClickHouse server.

    The embedded ClickHouse upgrades its tables when it is opened. On a server, roll-ups of interrupted loads are
    rebuilt as well.
    """
    settings = _on_cluster(load_settings(), cluster)
    check_cluster_has_server(settings)
    if dry_run:
        _print_statements(asyncio.run(_plan(settings)))
        return
    if settings.clickhouse_url is None:
        with_store(MetadataStore.ping, creates=True)
        print_line("The metadata store is up to date.")
        if settings.database_url is None:
            print_line(f"Data folder: {data_folder_in_use(settings)}", err=True)
        return
    tasks, batches = asyncio.run(_migrate_both(settings))
    _print_report(settings, tasks, batches, is_named=cluster is not None)


def _on_cluster(settings: Settings, cluster: str | None) -> Settings:
    if cluster is None:
        return settings
    if settings.clickhouse_cluster not in (None, cluster):
        raise BadUserInput(
            "--cluster {option} conflicts with TRENDGATE_CLICKHOUSE_CLUSTER={variable}.",
            option=cluster,
            variable=settings.clickhouse_cluster,
            hint="Omit the option, or change the variable.",
        )
    return settings.model_copy(update={"clickhouse_cluster": cluster})


async def _plan(settings: Settings) -> Sequence[MigrationTask]:
    if settings.clickhouse_url is None or settings.events_layout != "native":
        raise BadUserInput(
            "--dry-run requires a ClickHouse server with the gateway's own tables.",
            hint="Set TRENDGATE_CLICKHOUSE_URL, and TRENDGATE_EVENTS_LAYOUT=native.",
        )
    engine = open_engine(settings)
    try:
        return await plan_migration(engine)
    finally:
        await engine.close()


async def _migrate_both(settings: Settings) -> tuple[list[MigrationTask], int]:
    tasks: list[MigrationTask] = []

    async def prepare(engine: Engine) -> None:
        tasks.extend(await plan_migration(engine))
        try:
            await apply(engine, tasks)
        except ClickHouseError as failure:
            raise GatewayError(
                ErrorCode.INTERNAL,
                "Creating the tables failed: ClickHouse error {error}.",
                error=failure.code,
                hint=_HINTS.get(failure.code, "Check the server's log, then migrate again."),
            ) from failure

    async with open_stores(settings, prepare) as stores:
        has_journal = settings.events_layout == "native"
        return tasks, await repair_all(stores.metadata, stores.events) if has_journal else 0


def _print_statements(tasks: Sequence[MigrationTask]) -> None:
    for task in tasks:
        print_line(f"-- {_title(task)}")
        for statement in task.statements:
            typer.echo(f"{statement};\n")
    if not tasks:
        print_line("-- The tables are up to date.")


def _print_report(settings: Settings, tasks: Sequence[MigrationTask], batches: int, *, is_named: bool) -> None:
    for task in tasks:
        print_line(f"{_title(task)}.")
    where = f"cluster {settings.clickhouse_cluster}" if settings.clickhouse_cluster else "ClickHouse server"
    print_line(f"The metadata store and the {where} are up to date.")
    if batches:
        print_line(f"Rebuilt the roll-up of {batches} interrupted batches.")
    if is_named and load_settings().clickhouse_cluster is None:
        print_line(f"Set TRENDGATE_CLICKHOUSE_CLUSTER={settings.clickhouse_cluster} for servers and loads.")


def _title(task: MigrationTask) -> str:
    again = ", on servers added to the cluster" if task.is_repeated else ""
    return f"Step {task.step.version}: {task.step.name}{again}"
