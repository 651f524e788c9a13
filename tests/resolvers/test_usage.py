from datetime import UTC, datetime

import pytest

from datasource.metadata.records import InsightRecord
from errors import BadUserInput
from permissions.resources import COHORT, INSIGHT
from resolvers.usage import SavedUse, SettingUse, Use, check_unused

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def _insight(number: int) -> SavedUse:
    return SavedUse(INSIGHT, InsightRecord(number, 1, f"i{number}", "", None, NOON, NOON, {}))


@pytest.mark.parametrize(
    ("uses", "names"),
    [
        ([_insight(2), _insight(4)], "insight 'i2' (2), insight 'i4' (4)"),
        ([_insight(2), _insight(3)], "insight 'i2' (2), another object"),
        ([_insight(1), _insight(3)], "2 others"),
        ([SettingUse(), _insight(1)], "the project's test_account_filters, another object"),
        (
            [_insight(2 * number) for number in range(1, 9)],
            "insight 'i2' (2), insight 'i4' (4), insight 'i6' (6), insight 'i8' (8), insight 'i10' (10), 3 others",
        ),
    ],
)
def test_error_names_only_what_the_caller_may_read(uses: list[Use], names: str) -> None:
    """Those with even numbers."""
    with pytest.raises(BadUserInput) as caught:
        check_unused(COHORT, uses, lambda use: use.record.id % 2 == 0)
    assert caught.value.message == f"The cohort is used by {names}."
    assert caught.value.path == ("id",)


def test_unused_object_passes() -> None:
    check_unused(COHORT, [], lambda _: True)
