"""Unix times, which loads read besides ISO 8601."""

import pytest

from datasource.loader.timestamps import parse_timestamp

NOON = 1_714_557_600_000_000


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (1714557600, NOON),
        (1714557600.25, NOON + 250_000),
        (1714557600123, NOON + 123_000),
        ("1714557600", NOON),
        ("1714557600123", NOON + 123_000),
        (" 1714557600.123456789 ", NOON + 123_456),
        ("2024-05-01T10:00:00Z", NOON),
        (4291747199, 4_291_747_199_000_000),
        (100_000_000_000, 100_000_000_000_000),
    ],
)
def test_unix_times_are_seconds_or_milliseconds(value: object, micros: int) -> None:
    assert parse_timestamp(value) == micros


@pytest.mark.parametrize("value", [0, 86399, -1714557600, 99_999_999_999, 10**16, "99999999999"])
def test_other_numbers_are_outside_the_times_of_events(value: object) -> None:
    with pytest.raises(ValueError, match="is outside 1970-01-02 to 2105-12-31"):
        parse_timestamp(value)


@pytest.mark.parametrize("value", [True, float("nan"), float("inf"), None, [1714557600]])
def test_other_values_are_no_times(value: object) -> None:
    with pytest.raises(ValueError, match="is neither a string such as"):
        parse_timestamp(value)


@pytest.mark.parametrize("value", ["20240501", "1.7e9", "12345678"])
def test_short_digits_are_no_times(value: str) -> None:
    with pytest.raises(ValueError, match="is not a valid time"):
        parse_timestamp(value)
