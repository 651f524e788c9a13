import hmac
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from datasource.metadata.keys import find_key, find_key_by_id, touch_key
from datasource.metadata.records import KeyRecord, OwnedKey
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError
from permissions.api_keys import hash_key, mask_key, parse_authorization
from permissions.caller import Caller

logger = logging.getLogger("trendgate.authentication")


async def authenticate(
    store: MetadataStore, authorization_header: str | None, *, now: datetime | None = None
) -> Caller:
    """Whose key the header carries.

    Raises UNAUTHENTICATED without a usable key, UPSTREAM_UNAVAILABLE when the store does not answer. Of a key
    no message says more than its mask.
    """
    key = parse_authorization(authorization_header)
    wanted = hash_key(key)
    # The look-up is by hash, so the time it takes tells nothing about how much of a guess was right; nor does
    # the comparison that follows it.
    found = await find_key(store, wanted)
    if found is None or not hmac.compare_digest(found[1], wanted):
        raise _refusal(f"The API key {mask_key(key)} is not known.", "Check that it was copied in full.")
    owned, at = found[0], now or datetime.now(UTC)
    _check_usable(owned, at)
    await _touch(store, owned.key, at)
    return _caller(owned)


@dataclass(frozen=True, slots=True)
class LinkedKey:
    """The key that a signed link was made with, and when."""

    id: str
    at: datetime


async def authenticate_link(store: MetadataStore, key: LinkedKey, *, now: datetime) -> Caller:
    """Whose key it is. Raises UNAUTHENTICATED once that one cannot be used, or has another value."""
    owned = await find_key_by_id(store, key.id)
    if owned is None:
        raise _refusal("The API key of the link is not known.", "Ask for a new link.")
    if owned.key.last_rolled_at is not None and owned.key.last_rolled_at >= key.at:
        raise _refusal("The API key of the link was replaced.", "Ask for a new link.")
    _check_usable(owned, now)
    await _touch(store, owned.key, now)
    return _caller(owned)


def _check_usable(owned: OwnedKey, now: datetime) -> None:
    if owned.key.revoked_at is not None:
        raise _refusal(f"The API key {owned.key.mask} was revoked.", "Ask for a new key.")
    if owned.key.expires_at is not None and owned.key.expires_at <= now:
        raise _refusal(
            f"The API key {owned.key.mask} expired at {owned.key.expires_at:%Y-%m-%d %H:%M} UTC.",
            "Ask for a new key.",
        )
    if owned.owner is not None and not owned.owner.is_active:
        raise _refusal(
            f"The owner of the API key {owned.key.mask} is not active.",
            "Ask an admin to activate the member.",
        )


async def _touch(store: MetadataStore, key: KeyRecord, now: datetime) -> None:
    try:
        await touch_key(store, key, now)
    except GatewayError as exc:
        # A store that can be read but not written still knows who asks.
        logger.warning("the last use of the API key %s was not written: %s", key.mask, exc.message)


def _caller(owned: OwnedKey) -> Caller:
    return Caller(
        key_id=owned.key.id,
        key_label=owned.key.label,
        key_mask=owned.key.mask,
        scopes=owned.key.scopes,
        scoped_projects=owned.key.scoped_projects,
        scoped_organizations=owned.key.scoped_organizations,
        user=owned.owner,
        project_id=owned.key.project_id,
        key_expires_at=owned.key.expires_at,
    )


def _refusal(message: str, hint: str) -> GatewayError:
    return GatewayError(ErrorCode.UNAUTHENTICATED, message, hint=hint)
