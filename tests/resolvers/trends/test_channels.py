"""Channel types of first visits and sessions, on real rows."""

from collections.abc import Mapping

import pytest

from errors import BadUserInput
from resolvers.trends.breakdowns import NO_VALUE
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    EventSeries,
    FilterGroup,
    Math,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendMath,
)
from tests.resolvers.trends.hogql.evaluation import error_of
from tests.support.seeds.events import Event, EventSeeds, by_value, data_of, trend

CHANNEL, DOMAIN_TYPE = "$virt_initial_channel_type", "$virt_initial_referring_domain_type"
Known = Mapping[str, str]
CHANNELS: list[tuple[Known, str]] = [
    ({}, "Unknown"),
    ({"domain": "$direct"}, "Direct"),
    ({"domain": "$direct", "source": "(direct)"}, "Direct"),
    ({"domain": "$direct", "source": "partner"}, "Direct"),
    ({"domain": "$direct", "fbclid": "x"}, "Organic Social"),
    ({"domain": "www.google.com"}, "Organic Search"),
    ({"domain": "https://www.google.co.uk/"}, "Organic Search"),
    ({"domain": "google.com"}, "Organic Search"),
    ({"domain": "http://GOOGLE.com"}, "Organic Search"),
    ({"domain": "mail.google.com"}, "Email"),
    ({"domain": "google.example.com"}, "Referral"),
    ({"domain": "l.facebook.com"}, "Organic Social"),
    ({"domain": "t.co"}, "Organic Social"),
    ({"domain": "youtu.be"}, "Organic Video"),
    ({"domain": "www.amazon.de"}, "Organic Shopping"),
    ({"domain": "blog.example.com"}, "Referral"),
    ({"domain": "www.google.com", "gclid": "abc"}, "Paid Search"),
    ({"domain": "www.google.com", "medium": "cpc"}, "Paid Search"),
    ({"domain": "www.google.com", "source": "facebook", "medium": "paid_social"}, "Paid Social"),
    ({"domain": "example.com", "medium": "ppc"}, "Paid Unknown"),
    ({"domain": "example.com", "medium": "CPM"}, "Display"),
    ({"domain": "example.com", "gad_source": "1"}, "Paid Search"),
    ({"domain": "example.com", "gad_source": "2"}, "Paid Unknown"),
    ({"domain": "example.com", "medium": "cpc", "campaign": "summer video"}, "Paid Video"),
    ({"domain": "example.com", "medium": "cpc", "fbclid": "x"}, "Paid Social"),
    ({"source": "email", "medium": "cpc"}, "Paid Unknown"),
    ({"source": "Google"}, "Organic Search"),
    ({"source": "ig"}, "Organic Social"),
    ({"source": "newsletter", "medium": "email"}, "Email"),
    ({"source": "sms"}, "SMS"),
    ({"medium": "affiliate"}, "Affiliate"),
    ({"medium": "webpush"}, "Push"),
    ({"medium": "audio"}, "Audio"),
    ({"campaign": "winter shopping"}, "Organic Shopping"),
    ({"campaign": "workshop"}, "Unknown"),
    ({"campaign": "eshop"}, "Organic Shopping"),
    ({"campaign": "spring Cross-Network", "gclid": "x"}, "Cross Network"),
    ({"source": "", "medium": "", "domain": "www.bing.com"}, "Organic Search"),
]
_NAMES = {"domain": "referring_domain", "source": "utm_source", "medium": "utm_medium", "campaign": "utm_campaign"}


def _initial(known: Known) -> dict[str, str]:
    return {f"$initial_{_NAMES.get(key, key)}": value for key, value in known.items()}


async def test_channel_of_a_persons_first_visit(seeds: EventSeeds) -> None:
    numbers = range(len(CHANNELS))
    await seeds.add_events([Event(f"e{number}", "2020-01-10", number) for number in numbers])
    await seeds.add_persons({number: _initial(CHANNELS[number][0]) for number in numbers})
    both = Breakdown(f"concat(event, ' ', person.{CHANNEL})", BreakdownType.HOGQL)
    found = by_value(await seeds.run(trend(EventSeries(None), breakdowns=(both,), breakdown_limit=1000)))
    assert set(found) == {f"e{number} {channel}" for number, (_, channel) in enumerate(CHANNELS)}


async def test_computed_properties_of_persons_filter_and_split(seeds: EventSeeds) -> None:
    domains = ["www.google.com", "https://bing.com", "$direct", "example.com", None]
    await seeds.add_events([Event("sign up", "2020-01-10", number) for number in range(len(domains))])
    await seeds.add_persons(
        {number: {} if each is None else _initial({"domain": each}) for number, each in enumerate(domains)}
    )
    split = trend(breakdowns=(Breakdown(DOMAIN_TYPE, BreakdownType.PERSON),))
    found = {value: data[1] for value, data in by_value(await seeds.run(split)).items()}
    assert found == {"Search": 2, "$direct": 1, NO_VALUE: 2}
    searched = PropertyFilter(CHANNEL, ("Organic Search", "Direct"), type=PropertyType.PERSON)
    filtered = trend(EventSeries("sign up", filters=FilterGroup(children=(searched,))))
    assert data_of(await seeds.run(filtered))[1] == 3


async def test_channel_of_a_session(seeds: EventSeeds) -> None:
    ad = {"$session_id": "ad", "$referring_domain": "www.google.com", "gclid": "abc", "utm_source": "google"}
    await seeds.add_events(
        [
            Event("sign up", "2020-01-10 10:00", 1, ad),
            Event("sign up", "2020-01-10 10:01", 1, {"$session_id": "ad"}),
            Event("sign up", "2020-01-10 11:00", 1, {"$session_id": "d", "$referring_domain": "$direct"}),
            Event("sign up", "2020-01-10 12:00", 1, {"$session_id": "empty"}),
            Event("sign up", "2020-01-10 13:00", 1),
        ]
    )
    for breakdown in (
        Breakdown("$channel_type", BreakdownType.SESSION),
        Breakdown("session.$channel_type", BreakdownType.HOGQL),
    ):
        found = by_value(await seeds.run(trend(breakdowns=(breakdown,))))
        assert {value: data[1] for value, data in found.items()} == {
            **{"Paid Search": 2, "Direct": 1, "Unknown": 1},
            NO_VALUE: 1,
        }
    paid = PropertyFilter("$channel_type", "paid", PropertyOperator.ICONTAINS, PropertyType.SESSION)
    assert data_of(await seeds.run(trend(EventSeries("sign up", filters=FilterGroup(children=(paid,))))))[1] == 2


async def test_other_computed_properties_are_refused(seeds: EventSeeds) -> None:
    key, path = "$virt_revenue", ("query", "properties", 0)
    filter_ = PropertyFilter(key, "1", type=PropertyType.PERSON, path=path)
    by_key = Breakdown(key, BreakdownType.PERSON, path=path)
    summed = Math(TrendMath.SUM, key, PropertyType.PERSON)
    for asked in (
        trend(EventSeries("a", filters=FilterGroup(children=(filter_,)))),
        trend(breakdowns=(by_key,)),
        trend(EventSeries("a", summed)),
    ):
        with pytest.raises(BadUserInput, match="no computed property"):
            await seeds.run(asked)
    for text in (f"person.{key}", f"person.properties.{key}"):
        assert "no computed property `$virt_revenue`" in error_of(text).message
