"""Where a visit came from: the type of its channel and of its referring domain, computed from what was sent.

The rules follow the usual grouping of web analytics: whether a visit was paid for, then the first of its source,
campaign, medium and referring domain that is known.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from datasource.layouts.contract import person_text, session_text
from datasource.sql.tree import Column, Expr, Lambda, Null, Number, Param, call, compare, either, equals, every

DIRECT = "$direct"
_NONE = Param("", "String")

# Names of any top-level domain, complete hosts, and values of utm_source alone, by what they are.
_BRANDS: Mapping[str, str] = {
    "Search": "aol ask baidu bing daum dogpile duckduckgo ecosia google kagi lycos naver qwant seznam sogou "
    "startpage yahoo yandex",
    "Social": "facebook flickr instagram linkedin messenger mastodon nextdoor pinterest quora reddit snapchat "
    "threads tumblr twitter weibo whatsapp xing",
    "Video": "bilibili dailymotion disneyplus hulu netflix tiktok twitch vimeo youtube",
    "Shopping": "alibaba aliexpress amazon ebay etsy mercadolibre rakuten shein shopify temu walmart",
}
_HOSTS: Mapping[str, str] = {
    "Search": "search.brave.com so.com",
    "Social": "bsky.app discord.com fb.me lnkd.in news.ycombinator.com pin.it redd.it t.co t.me vk.com wa.me "
    "x.com",
    "Video": "youtu.be",
    "Shopping": "target.com",
    "Email": "mail.aol.com mail.google.com mail.yahoo.com outlook.live.com outlook.office.com",
}
_SOURCES: Mapping[str, str] = {
    "Social": "bluesky discord fb ig telegram vk x",
    "Email": "email e-mail e_mail",
    "SMS": "sms",
    "Push": "firebase",
}
_MEDIUMS: Mapping[str, tuple[str, ...]] = {
    "Social": ("sm", "social", "social media", "social network", "social-media", "social-network"),
    "Video": ("video",),
    "Display": ("banner", "cpm", "display", "expandable", "interstitial"),
    "Affiliate": ("affiliate", "partnership", "partnerships"),
    "Referral": ("app", "link", "referral"),
    "Email": ("e mail", "e-mail", "e_mail", "email"),
    "Audio": ("audio",),
    "SMS": ("sms",),
    "Push": ("mobile", "notification", "push"),
}
_WITH_PREFIX = ("Search", "Social", "Video", "Shopping")
"""Channels that are called Paid ... or Organic ..."""
_IF_PAID = (*_WITH_PREFIX, "Display")
_PAID_MEDIUMS = ("cpa", "cpc", "cpm", "cpv", "ppc", "retargeting")
_DIRECT_SOURCES = ("", "direct", "(direct)", DIRECT)
_SHOP = "(^|[^a-df-z])shop|shopping"
_HOST = r"^(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?([^/:?#]*).*$"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of the first visit, each a string, '' where it is missing."""

    source: Expr
    medium: Expr
    campaign: Expr
    domain: Expr
    gclid: Expr
    fbclid: Expr
    gad_source: Expr


def session_channel() -> Expr:
    """The type of channel that led to a session, NULL without a session."""
    arrival = Arrival(
        source=_lower(session_text("$entry_utm_source")),
        medium=_lower(session_text("$entry_utm_medium")),
        campaign=_lower(session_text("$entry_utm_campaign")),
        domain=_lower(session_text("$entry_referring_domain")),
        **{key: _text(session_text(f"$entry_{key}")) for key in ("gclid", "fbclid", "gad_source")},
    )
    return call("if", call("isNull", session_text("$start_timestamp")), Null(), _channel(arrival))


def initial_channel() -> Expr:
    """The type of channel that led to a person's first visit."""
    return _channel(
        Arrival(
            source=_lower(person_text("$initial_utm_source")),
            medium=_lower(person_text("$initial_utm_medium")),
            campaign=_lower(person_text("$initial_utm_campaign")),
            domain=_initial_domain(),
            **{key: _text(person_text(f"$initial_{key}")) for key in ("gclid", "fbclid", "gad_source")},
        )
    )


def initial_domain_type() -> Expr:
    """What the domain is that led to a person's first visit: Search, Social ..., NULL for any other."""
    domain = _initial_domain()
    known = call("nullIf", _kind(_hosts(domain)), _NONE)
    return call("if", equals(domain, Param(DIRECT, "String")), Param(DIRECT, "String"), known)


def _initial_domain() -> Expr:
    return _lower(person_text("$initial_referring_domain"))


def _channel(arrival: Arrival) -> Expr:
    paid = _or(
        _in(arrival.medium, _PAID_MEDIUMS),
        call("startsWith", arrival.medium, Param("paid", "String")),
        compare(arrival.gclid, "!=", _NONE),
        compare(arrival.gad_source, "!=", _NONE),
    )
    is_direct = _and(
        call("not", paid),
        equals(arrival.domain, Param(DIRECT, "String")),
        equals(arrival.medium, _NONE),
        _in(arrival.source, _DIRECT_SOURCES),
        equals(arrival.fbclid, _NONE),
    )
    return call(
        "multiIf",
        call("match", arrival.campaign, Param("cross-network", "String")),
        Param("Cross Network", "String"),
        is_direct,
        Param("Direct", "String"),
        _let("channel", _first_kind(arrival, paid), _named(arrival, paid)),
    )


def _first_kind(arrival: Arrival, paid: Expr) -> Expr:
    kinds = call(
        "array",
        _kind(
            call(
                "arrayConcat",
                call("array", call("concat", Param("=", "String"), arrival.source)),
                _hosts(arrival.source),
            )
        ),
        call("if", call("match", arrival.campaign, Param(_SHOP, "String")), Param("Shopping", "String"), _NONE),
        _transform(arrival.medium, dict(_medium_kinds())),
        _kind(_hosts(arrival.domain)),
    )
    kind = Column("kind")
    is_possible = _or(call("not", paid), _in(kind, _IF_PAID))
    return call("arrayFirst", Lambda(("kind",), _and(compare(kind, "!=", _NONE), is_possible)), kinds)


def _named(arrival: Arrival, paid: Expr) -> Expr:
    channel = Column("channel")
    is_video = call("match", arrival.campaign, Param("video", "String"))
    from_facebook = compare(arrival.fbclid, "!=", _NONE)
    otherwise_paid = _choose(
        (equals(arrival.gad_source, Param("1", "String")), "Paid Search"),
        (is_video, "Paid Video"),
        (from_facebook, "Paid Social"),
        otherwise="Paid Unknown",
    )
    otherwise_organic = _choose(
        (is_video, "Organic Video"),
        (call("endsWith", arrival.medium, Param("push", "String")), "Push"),
        (from_facebook, "Organic Social"),
        (equals(arrival.domain, Param(DIRECT, "String")), "Direct"),
        (compare(arrival.domain, "!=", _NONE), "Referral"),
        otherwise="Unknown",
    )
    prefix = call("if", paid, Param("Paid ", "String"), Param("Organic ", "String"))
    return call(
        "multiIf",
        equals(channel, _NONE),
        call("if", paid, otherwise_paid, otherwise_organic),
        _in(channel, _WITH_PREFIX),
        call("concat", prefix, channel),
        channel,
    )


def _hosts(text: Expr) -> Expr:
    """The names under which a domain may be known: its host, its registered domain, its brand."""
    host = call("replaceRegexpOne", text, Param(_HOST, "String"), Param(r"\1", "String"))
    name, registered = Column("host"), call("cutToFirstSignificantSubdomain", Column("host"))
    label = call("splitByChar", Param(".", "String"), call("if", call("empty", registered), name, registered))
    brand = call("concat", call("arrayElement", label, Number(1)), Param(".*", "String"))
    return _let("host", host, call("array", name, registered, brand))


def _kind(names: Expr) -> Expr:
    """What the first known name is, '' without one."""
    kinds = call("arrayMap", Lambda(("name",), _transform(Column("name"), dict(_known_names()))), names)
    return call("arrayFirst", Lambda(("known",), compare(Column("known"), "!=", _NONE)), kinds)


def _known_names() -> Iterator[tuple[str, str]]:
    for table, form in ((_BRANDS, "{}.*"), (_HOSTS, "{}"), (_SOURCES, "={}")):
        for kind, names in table.items():
            yield from ((form.format(name), kind) for name in names.split())


def _medium_kinds() -> Iterator[tuple[str, str]]:
    for kind, mediums in _MEDIUMS.items():
        yield from ((medium, kind) for medium in mediums)


def _transform(text: Expr, table: Mapping[str, str]) -> Expr:
    names, kinds = tuple(table), tuple(table.values())
    return call("transform", text, Param(names, "Array(String)"), Param(kinds, "Array(String)"), _NONE)


def _let(name: str, value: Expr, body: Expr) -> Expr:
    """`body`, in which the name stands for a value that is computed once."""
    return call("arrayElement", call("arrayMap", Lambda((name,), body), call("array", value)), Number(1))


def _choose(*choices: tuple[Expr, str], otherwise: str) -> Expr:
    parts = [part for condition, text in choices for part in (condition, Param(text, "String"))]
    return call("multiIf", *parts, Param(otherwise, "String"))


def _in(text: Expr, listed: tuple[str, ...]) -> Expr:
    return compare(text, "IN", Param(listed, "Array(String)"))


def _or(*conditions: Expr) -> Expr:
    return either(*conditions) or Number(0)


def _and(*conditions: Expr) -> Expr:
    return every(*conditions) or Number(1)


def _text(value: Expr) -> Expr:
    return call("ifNull", value, _NONE)


def _lower(value: Expr) -> Expr:
    return call("lower", _text(value))


CHANNEL = "$channel_type"
"""The field of a session."""
COMPUTED = "$virt_"
"""The keys of a person's computed properties begin with it."""
COMPUTED_FIELDS: Mapping[str, Callable[[], Expr]] = {
    "$virt_initial_channel_type": initial_channel,
    "$virt_initial_referring_domain_type": initial_domain_type,
}
