from dataclasses import dataclass
from datetime import UTC, datetime

from datasource.metadata.records import MemberRecord
from errors import GatewayError
from permissions.caller import Caller

MEMBER = MemberRecord(
    id="u", email="ada@example.com", name="Ada", is_active=True, created_at=datetime.now(UTC), memberships=()
)


@dataclass(frozen=True)
class RequestContext:
    caller: Caller | None = None
    authentication_error: GatewayError | None = None


def caller_with(*scopes: str) -> RequestContext:
    return RequestContext(
        Caller(
            key_id="k",
            key_label="CI",
            key_mask="phx_...0000",
            scopes=scopes,
            scoped_projects=None,
            scoped_organizations=None,
            user=MEMBER,
        )
    )
