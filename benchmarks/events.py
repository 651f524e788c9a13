"""Synthetic events of 25 properties, written as JSON Lines: `python -m benchmarks.events FILE COUNT`.

The same count gives the same events: 95 days from 2024-01-01, half of them `$pageview`, people who come back.
"""

import sys
from pathlib import Path

FIRST_DAY, LAST_DAY = "2024-01-01", "2024-04-04"
EVENTS_PER_PERSON = 40

_DAYS = 95
_PROPERTIES = {
    "$browser": "['Chrome', 'Safari', 'Firefox', 'Edge', 'Opera'][1 + h % 5]",
    "$os": "['Windows', 'Mac OS X', 'Linux', 'iOS', 'Android'][1 + bitShiftRight(h, 3) % 5]",
    "$device_type": "['Desktop', 'Mobile', 'Tablet'][1 + bitShiftRight(h, 5) % 3]",
    "$pathname": "concat('/page/', toString(bitShiftRight(h, 8) % 500))",
    "$current_url": "concat('https://example.com/page/', toString(bitShiftRight(h, 8) % 500))",
    "$host": "'example.com'",
    "$referring_domain": "['google.com', '$direct', 'github.com', 'bing.com'][1 + bitShiftRight(h, 11) % 4]",
    "$screen_width": "800 + bitShiftRight(h, 13) % 1200",
    "$screen_height": "600 + bitShiftRight(h, 15) % 800",
    "$lib": "'web'",
    "$lib_version": "concat('1.', toString(bitShiftRight(h, 17) % 40), '.0')",
    "$session_id": "hex(cityHash64(person, intDiv(number, 50)))",
    "$geoip_country_code": "['US', 'DE', 'FR', 'BR', 'IN', 'JP'][1 + bitShiftRight(h, 19) % 6]",
    "$geoip_city_name": "concat('City ', toString(bitShiftRight(h, 21) % 300))",
    "$timezone": "'Europe/Berlin'",
    "utm_source": "['ads', 'mail', 'social'][1 + bitShiftRight(h, 23) % 3]",
    "utm_campaign": "concat('campaign-', toString(bitShiftRight(h, 25) % 30))",
    "plan": "['free', 'team', 'enterprise'][1 + bitShiftRight(h, 27) % 3]",
    "price": "round((bitShiftRight(h, 29) % 10000) / 100, 2)",
    "quantity": "bitShiftRight(h, 31) % 10",
    "is_trial": "bitShiftRight(h, 33) % 4 = 0",
    "load_ms": "bitShiftRight(h, 35) % 3000",
    "experiment": "concat('variant-', toString(bitShiftRight(h, 37) % 4))",
    "token": "hex(h)",
    "$group_0": "concat('company-', toString(bitShiftRight(h, 39) % 1000))",
}
_EVENTS = "['$pageview', '$pageview', '$pageview', '$pageview', '$autocapture', '$pageleave', 'sign up', 'paid']"


def generating_query(count: int) -> str:
    """A SELECT of `count` events; every field is a function of its number."""
    people = max(1, count // EVENTS_PER_PERSON)
    properties = ", ".join(f"CAST({value} AS {_type(value)}) AS `{key}`" for key, value in _PROPERTIES.items())
    return f"""
        SELECT
            reinterpretAsUUID(sipHash128(number)) AS uuid,
            {_EVENTS}[1 + bitShiftRight(h, 41) % 8] AS event,
            concat('user-', toString(person)) AS distinct_id,
            toDateTime64('{FIRST_DAY} 00:00:00', 3, 'UTC')
                + toIntervalMillisecond(cityHash64(number, 'time') % ({_DAYS} * 86400000)) AS timestamp,
            tuple({properties}) AS properties
        FROM (SELECT number, cityHash64(number) AS h, intHash64(number) % {people} AS person FROM numbers({count}))
        SETTINGS enable_named_columns_in_function_tuple = 1, output_format_json_quote_64bit_integers = 0
    """  # noqa: S608 (figures and texts of this file)


def _type(value: str) -> str:
    if value.startswith("round"):
        return "Float64"
    if "= 0" in value:
        return "Bool"
    return "Int64" if value[0].isdigit() or value.startswith("bitShiftRight") else "String"


def write_events(path: Path, count: int) -> None:
    """Write the events as JSON Lines."""
    import chdb

    target = f"INSERT INTO FUNCTION file('{path}', 'JSONEachRow')"
    chdb.query(f"{target} {generating_query(count)}, engine_file_truncate_on_insert = 1")


if __name__ == "__main__":
    write_events(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
