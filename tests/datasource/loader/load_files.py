"""Loading test files, and reading back the stored rows."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson

from datasource.clickhouse.engine import Engine
from datasource.loader.load import FileFormat, LoadJob, LoadReport, RejectsFile, RowKind, load_file


def write_lines(path: Path, rows: Iterable[object]) -> Path:
    """Rows that are bytes go in as they are."""
    lines = [row if isinstance(row, bytes) else orjson.dumps(row) for row in rows]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def event(**fields: object) -> dict[str, object]:
    return {"event": "seen", "distinct_id": "ada", "timestamp": "2024-05-01T10:00:00Z", **fields}


class Loader:
    """Loads into one project; `group_types` has its group types."""

    def __init__(self, engine: Engine, project_id: int, folder: Path) -> None:
        self.engine = engine
        self.project_id = project_id
        self.folder = folder
        self.group_types: list[str] = []

    async def load_rows(self, *rows: object, name: str = "rows.jsonl", kind: RowKind | None = None) -> LoadReport:
        return await self.load(write_lines(self.folder / name, rows), kind=kind)

    async def load(
        self, path: Path, *, kind: RowKind | None = None, file_format: FileFormat | None = None
    ) -> LoadReport:
        with RejectsFile(self.rejects_path) as rejects:
            job = LoadJob(rejects)
            await load_file(
                self.engine,
                self.project_id,
                path,
                job,
                type_index=self._type_index,
                kind=kind,
                file_format=file_format,
            )
        await self._check_rollup()
        return job.report

    @property
    def rejects_path(self) -> Path:
        return self.folder / "rejects.jsonl"

    def rejects(self) -> list[tuple[int, str]]:
        if not self.rejects_path.exists():
            return []
        lines = map(orjson.loads, self.rejects_path.read_bytes().splitlines())
        return [(line["row"], line["reason"]) for line in lines]

    async def run(self, select: str) -> list[tuple[object, ...]]:
        answer = await self.engine.query(select, {"project": self.project_id})
        return list(answer.rows())

    async def column(self, select: str) -> list[object]:
        return [row[0] for row in await self.run(select)]

    async def properties(self) -> list[dict[str, object]]:
        """Those of each event, by time and distinct id."""
        texts = await self.column(
            "SELECT toJSONString(properties) FROM events WHERE project_id = {project:UInt32} "
            "ORDER BY timestamp, distinct_id"
        )
        # ClickHouse keeps a dot within a key in this form.
        return [
            {key.replace("%2E", "."): value for key, value in orjson.loads(str(text)).items()} for text in texts
        ]

    async def number_of(self, distinct_id: str) -> int:
        answer = await self.engine.query(
            "SELECT person_no FROM person_distinct_ids FINAL "
            "WHERE project_id = {project:UInt32} AND distinct_id = {distinct_id:String}",
            {"project": self.project_id, "distinct_id": distinct_id},
        )
        return int(str(answer.columns[0][0]))

    async def persons(self) -> dict[int, object]:
        """The properties of each person that has any row, but for those merged away."""
        rows = await self.run(
            "SELECT person_no, toJSONString(properties) FROM persons FINAL WHERE project_id = {project:UInt32} "
            "AND person_no NOT IN (SELECT old_no FROM person_merges WHERE project_id = {project:UInt32})"
        )
        return {int(str(number)): orjson.loads(str(text)) for number, text in rows}

    async def merges(self) -> dict[int, int]:
        rows = await self.run("SELECT old_no, new_no FROM person_merges FINAL WHERE project_id = {project:UInt32}")
        return {int(str(old)): int(str(new)) for old, new in rows}

    async def _type_index(self, name: str) -> int | None:
        if name not in self.group_types:
            if len(self.group_types) == 5:
                return None
            self.group_types.append(name)
        return self.group_types.index(name)

    async def _check_rollup(self) -> None:
        assert await rolled_up(self.engine, self.project_id) == await counted(self.engine, self.project_id)


async def rolled_up(engine: Engine, project_id: int) -> Sequence[tuple[object, ...]]:
    return await _rows(
        engine,
        "SELECT event, toString(hour), sum(events), arraySort(bitmapToArray(groupBitmapMergeState(people))) "
        "FROM events_by_hour WHERE project_id = {project:UInt32} GROUP BY event, hour ORDER BY event, hour",
        project_id,
    )


async def counted(engine: Engine, project_id: int) -> Sequence[tuple[object, ...]]:
    return await _rows(
        engine,
        "SELECT event, toString(toStartOfHour(timestamp, 'UTC')) AS hour, count(), "
        "arraySort(groupUniqArray(person_no)) "
        "FROM events WHERE project_id = {project:UInt32} GROUP BY event, hour ORDER BY event, hour",
        project_id,
    )


async def _rows(engine: Engine, select: str, project_id: int) -> Sequence[tuple[object, ...]]:
    return list((await engine.query(select, {"project": project_id})).rows())
