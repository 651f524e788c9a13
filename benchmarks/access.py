"""Times decisions about access, without any store: `python -m benchmarks.access`.

10,000 objects of one project meet the 1,000 rules that apply to a member. The same count gives the same rules.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from rich.console import Console
from rich.table import Table

from datasource.metadata.records import AccessLevel, OrganizationLevel, RuleRecord
from permissions.policy import Controlled, Policy, Principal
from permissions.resources import ACTION, COHORT, INSIGHT, Resource

PROJECT_ID = 1
MEMBER = Principal("ada", OrganizationLevel.MEMBER)
ROLES = 5
MOST_MS = 50.0
"""What resolving every object may take on one core."""

_SUBJECTS = ("everyone", "member", "role")
_LEVELS = (AccessLevel.NONE, AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.MANAGER)
_MADE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one thing that was timed, of all runs."""

    what: str
    median_ms: float
    slowest_ms: float


def main() -> None:
    """Print a table of the timings; fails when resolving takes longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.access", description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000, help="how many objects to resolve")
    parser.add_argument("--rules", type=int, default=1_000, help="how many rules apply")
    parser.add_argument("--runs", type=int, default=21, help="runs of each; the median is printed")
    arguments = parser.parse_args()
    timings = measure(arguments.objects, arguments.rules, arguments.runs)
    Console(width=130).print(tabulated(timings, arguments.objects, arguments.rules, arguments.runs))
    if timings[0].median_ms > MOST_MS:
        raise SystemExit(f"Resolving the objects took longer than {MOST_MS:.0f} ms.")


def measure(objects: int, rules: int, runs: int) -> list[Timing]:
    """The whole first, from rules as they come from the store to a level for each object; then its parts."""
    given = make_rules(rules, objects)
    rows = [(str(number), "ada" if number % 50 == 0 else "bob") for number in range(objects)]
    targets = [Controlled(INSIGHT, object_id, maker) for object_id, maker in rows]
    known = Policy(MEMBER, PROJECT_ID, given)
    shown = known.list_filter(INSIGHT)

    def resolve_from_the_start() -> None:
        policy = Policy(MEMBER, PROJECT_ID, given)
        for object_id, maker in rows:
            policy.object_access(Controlled(INSIGHT, object_id, maker))

    def resolve() -> None:
        for target in targets:
            known.object_access(target)

    def show() -> None:
        for object_id, maker in rows:
            shown.shows(object_id, maker)

    return [
        timed("policy, and the level of every object", runs, resolve_from_the_start),
        timed("policy alone", runs, lambda: Policy(MEMBER, PROJECT_ID, given)),
        timed("level of every object alone", runs, resolve),
        timed("filter of the list", runs, lambda: Policy(MEMBER, PROJECT_ID, given).list_filter(INSIGHT)),
        timed("whether the list shows each object", runs, show),
    ]


def make_rules(count: int, objects: int) -> list[RuleRecord]:
    """One in a hundred about a whole resource, the others about objects, for everyone, the member and roles."""
    rules = [_make_rule(number, objects) for number in range(count * 2)]
    # Of rules with the same subject and object there is only one.
    return list(
        {(each.resource, each.resource_id, each.member_id, each.role_id): each for each in rules}.values()
    )[:count]


def _make_rule(number: int, objects: int) -> RuleRecord:
    subject = _SUBJECTS[number % 3]
    resource, resource_id = _about(number, objects)
    return RuleRecord(
        id=str(number),
        project_id=PROJECT_ID,
        resource=resource.name,
        resource_id=resource_id,
        member_id="membership of ada" if subject == "member" else None,
        role_id=f"role {number % ROLES}" if subject == "role" else None,
        access_level=_LEVELS[number // 3 % len(_LEVELS)],
        created_by=None,
        created_at=_MADE,
        updated_at=_MADE,
    )


def _about(number: int, objects: int) -> tuple[Resource, str | None]:
    if number % 100 == 0:
        return (INSIGHT, ACTION, COHORT)[number // 300 % 3], None
    # Three rules in a row are about one object, so that they compete.
    return INSIGHT, str(number // 3 * 7 % objects)


def timed(what: str, runs: int, run: Callable[[], object]) -> Timing:
    run()  # the first run warms caches
    elapsed = []
    for _ in range(runs):
        started = time.perf_counter()
        run()
        elapsed.append((time.perf_counter() - started) * 1000)
    return Timing(what, median(elapsed), max(elapsed))


def tabulated(timings: list[Timing], objects: int, rules: int, runs: int) -> Table:
    """The timings as a table, milliseconds."""
    table = Table(title=f"{objects:,} objects, {rules:,} rules; {runs} runs, one core", title_justify="left")
    for column in ("decision", "median ms", "slowest ms"):
        table.add_column(column, justify="left" if column == "decision" else "right", no_wrap=True)
    for timing in timings:
        table.add_row(timing.what, f"{timing.median_ms:.1f}", f"{timing.slowest_ms:.1f}")
    return table


if __name__ == "__main__":
    main()
