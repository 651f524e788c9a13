"""The SQL of typical questions, as files: a change of it is seen in review.

After a change that is meant, write them anew with `pytest tests/resolvers/trends/test_golden.py --update-golden`.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from datasource.clickhouse.render import render
from datasource.clickhouse.scope import scope_to_project
from datasource.events.native_layout import NativeLayout
from resolvers.trends.compile import compile_trend
from resolvers.trends.query import TrendProject, TrendQuery
from tests.resolvers.trends.event_world import NOW
from tests.resolvers.trends.questions import questions

FOLDER = Path(__file__).parent / "golden"
PROJECT = TrendProject(1, ZoneInfo("UTC"))
NAMES = (
    "all_events",
    "breakdown",
    "breakdown_bins",
    "breakdown_cumulative",
    "breakdown_group",
    "breakdown_max",
    "breakdown_pair",
    "breakdown_session",
    "breakdown_total",
    "breakdown_url",
    "compare",
    "display_actions_line_graph_cumulative",
    "display_bold_number",
    "filter_between",
    "filter_is_not",
    "filter_nested",
    "filter_not_in",
    "filter_of_person",
    "filter_of_session",
    "interval_hour",
    "interval_minute",
    "interval_month",
    "interval_week",
    "math_dau",
    "math_first_matching_event_for_user",
    "math_first_time_for_user",
    "math_p90",
    "math_p90_count_per_actor",
    "math_sum",
    "math_sum_of_group",
    "math_unique_group",
    "math_weekly_active",
    "math_weekly_active_total",
    "sampled",
)


def _sql(query: TrendQuery) -> str:
    layout = NativeLayout()
    parts = compile_trend(query, PROJECT, layout, now=NOW).parts
    statements = (render(scope_to_project(layout.lower(part.query), PROJECT.id)) for part in parts)
    return ";\n\n".join(statement.described() for statement in statements) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_sql_of_a_question_is_the_written_one(name: str, update_golden: bool) -> None:
    file = FOLDER / f"{name}.sql"
    sql = _sql(questions()[name])
    if update_golden:
        file.write_text(sql, encoding="utf-8")
    assert file.exists(), "run pytest with --update-golden to write it"
    assert sql == file.read_text(encoding="utf-8")


def test_every_written_file_belongs_to_a_question() -> None:
    assert {file.stem for file in FOLDER.glob("*.sql")} == set(NAMES)
