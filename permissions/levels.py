"""The ladders of access levels."""

from datasource.metadata.records import AccessLevel

Ladder = tuple[AccessLevel, ...]
"""Levels by ascending power: none, what reading takes, what writing takes, and perhaps more."""

MEMBERSHIP_LADDER: Ladder = (AccessLevel.NONE, AccessLevel.MEMBER, AccessLevel.ADMIN)
"""Of projects and organizations."""

OBJECT_LADDER: Ladder = (AccessLevel.NONE, AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.MANAGER)
"""Of everything else."""


def reaches(ladder: Ladder, level: AccessLevel | None, required: AccessLevel) -> bool:
    """Whether a level is the required one or above it; no level and a level of another ladder reach nothing."""
    return level in ladder and ladder.index(level) >= ladder.index(required)
