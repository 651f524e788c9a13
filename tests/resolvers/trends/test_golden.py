"""The SQL of typical questions, as files: a change of it is seen in review.

After a change that is meant, update them with `pytest tests/resolvers/trends/test_golden.py --update-golden`.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from datasource.layouts.contract import EventLayout
from datasource.layouts.native import NativeLayout
from datasource.layouts.posthog import PostHogLayout
from datasource.layouts.posthog_columns import MaterializedColumn, PostHogColumns
from datasource.sql.render import render
from datasource.sql.tenant_scope import scope_to_project
from resolvers.trends.compile import compile_trend
from resolvers.trends.query import TrendProject, TrendQuery
from resolvers.trends.resolve import resolve
from tests.resolvers.trends.sample_queries import sample_queries
from tests.support.seeds.events import NOW

FOLDER = Path(__file__).parent / "golden"
PROJECT = TrendProject(1, ZoneInfo("UTC"))
NAMES = (
    "all_events",
    "breakdown",
    "breakdown_bins",
    "breakdown_cumulative",
    "breakdown_formula",
    "breakdown_group",
    "breakdown_max",
    "breakdown_pair",
    "breakdown_session",
    "breakdown_smoothed",
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


POSTHOG_FOLDER = FOLDER / "posthog"
POSTHOG_NAMES = (
    "all_events",
    "breakdown",
    "breakdown_group",
    "breakdown_session",
    "filter_in",
    "filter_is_not",
    "filter_of_person",
    "filter_of_session",
    "math_dau",
    "math_sum",
)
POSTHOG = PostHogLayout(
    PostHogColumns(
        materialized={
            ("events", "properties", "$group_3"): MaterializedColumn("$group_3", is_nullable=False),
            ("events", "properties", "$browser"): MaterializedColumn("mat_$browser", is_nullable=False),
            ("events", "properties", "plan"): MaterializedColumn("mat_plan", is_nullable=False),
            ("events", "properties", "price"): MaterializedColumn("mat_price", is_nullable=True),
        },
        columns=frozenset({("raw_sessions", "session_id_v7"), ("events", "$session_id_uuid")}),
    ),
    NOW,
)


def _sql(query: TrendQuery, layout: EventLayout) -> str:
    parts = compile_trend(resolve(query, PROJECT, NOW), layout).parts
    statements = (render(scope_to_project(layout.lower(part.query), PROJECT.id)) for part in parts)
    return ";\n\n".join(statement.describe() for statement in statements) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_sql_of_a_query_is_the_golden_one(name: str, update_golden: bool) -> None:
    _compare(FOLDER / f"{name}.sql", _sql(sample_queries()[name], NativeLayout()), update_golden)


@pytest.mark.parametrize("name", POSTHOG_NAMES)
def test_sql_over_an_installation_is_the_golden_one(name: str, update_golden: bool) -> None:
    _compare(POSTHOG_FOLDER / f"{name}.sql", _sql(sample_queries()[name], POSTHOG), update_golden)


def _compare(file: Path, sql: str, update_golden: bool) -> None:
    if update_golden:
        file.parent.mkdir(exist_ok=True)
        file.write_text(sql, encoding="utf-8")
    assert file.exists(), "run pytest with --update-golden to write it"
    assert sql == file.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_query() -> None:
    for folder, names in ((FOLDER, NAMES), (POSTHOG_FOLDER, POSTHOG_NAMES)):
        assert {file.stem for file in folder.glob("*.sql")} == set(names)
