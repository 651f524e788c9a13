import hmac
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import assert_never

from datasource.metadata.keys import find_key, find_key_by_id, touch_key
from datasource.metadata.records import KeyRecord, KeyState, OwnedKey
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError, Message
from permissions.api_keys import hash_key, mask_key, parse_authorization
from permissions.caller import Caller

_NEW_KEY = "Ask for a new key."
_NEW_LINK = "Request a new link."

logger = logging.getLogger("trendgate.authentication")


async def authenticate(
    store: MetadataStore, authorization_header: str | None, *, now: datetime | None = None
) -> Caller:
    """Return the caller whose key is in the header.

    Raises UNAUTHENTICATED without a usable key, UPSTREAM_UNAVAILABLE if the store does not respond. Messages
    contain no more of a key than its mask.
    """
    key = parse_authorization(authorization_header)
    key_hash = hash_key(key)
    # Neither the lookup by hash nor the comparison takes longer for a guess that is partly right.
    found = await store.snapshot.get(("key", key_hash), lambda: find_key(store, key_hash))
    if found is None or not hmac.compare_digest(found.secure_value, key_hash):
        raise _unauthenticated(
            "Unknown API key: {mask}", hint="Check that the whole key was copied.", mask=mask_key(key)
        )
    owned, at = found.owned, now or datetime.now(UTC)
    _check_usable(owned, at)
    if found.until is not None and found.until <= at:
        raise _unauthenticated(
            "The API key {mask} was replaced, and stopped working at {time:%Y-%m-%d %H:%M} UTC.",
            hint="Use its new value.",
            mask=mask_key(key),
            time=found.until,
        )
    await _touch(store, owned.key, at)
    caller = _caller(owned)
    return caller if found.until is None else _with_old_value(caller, mask_key(key), found.until)


@dataclass(frozen=True, slots=True)
class LinkedKey:
    """The id of the API key that created a signed link, and the time of creation."""

    id: str
    at: datetime


async def authenticate_link(store: MetadataStore, key: LinkedKey, *, now: datetime) -> Caller:
    """Return the caller who created the link.

    Raises UNAUTHENTICATED if the key has become unusable or was rolled.
    """
    owned = await store.snapshot.get(("key id", key.id), lambda: find_key_by_id(store, key.id))
    if owned is None:
        raise _unauthenticated("The API key of this link no longer exists.", hint=_NEW_LINK)
    if owned.key.last_rolled_at is not None and owned.key.last_rolled_at >= key.at:
        raise _unauthenticated("The API key of this link was replaced.", hint=_NEW_LINK)
    _check_usable(owned, now)
    await _touch(store, owned.key, now)
    return _caller(owned)


def _check_usable(owned: OwnedKey, now: datetime) -> None:
    mask = owned.key.mask
    match owned.state_at(now):
        case KeyState.ACTIVE:
            return
        case KeyState.REVOKED:
            raise _unauthenticated("The API key {mask} was revoked.", hint=_NEW_KEY, mask=mask)
        case KeyState.OWNER_REMOVED:
            raise _unauthenticated(
                "The owner of the API key {mask} was removed from the organization.",
                hint="Use the key of a member. Keys stay refused when their owner is added again.",
                mask=mask,
            )
        case KeyState.EXPIRED:
            raise _unauthenticated(
                "The API key {mask} expired at {time:%Y-%m-%d %H:%M} UTC.",
                hint=_NEW_KEY,
                mask=mask,
                time=owned.key.expires_at,
            )
        case KeyState.OWNER_INACTIVE:
            raise _unauthenticated(
                "The owner of the API key {mask} is deactivated.",
                hint="Ask an admin to activate the member.",
                mask=mask,
            )
        case other:
            assert_never(other)


async def _touch(store: MetadataStore, key: KeyRecord, now: datetime) -> None:
    try:
        await touch_key(store, key, now)
    except GatewayError as exc:
        # A store that can be read but not written still authenticates.
        logger.warning("the last use of the API key %s was not recorded: %s", key.mask, exc.message)


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


def _with_old_value(caller: Caller, mask: str, until: datetime) -> Caller:
    """The caller as one that sent the old value, which `viewer` shows by its mask and its end."""
    ends = [each for each in (caller.key_expires_at, until) if each is not None]
    return replace(caller, key_mask=mask, key_expires_at=min(ends), old_value_until=until)


def _unauthenticated(template: str, *, hint: str, **values: object) -> GatewayError:
    return GatewayError(ErrorCode.UNAUTHENTICATED, Message(template, values), hint=hint)
