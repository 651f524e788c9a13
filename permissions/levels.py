"""The ladders of access levels."""

from datasource.metadata.records import AccessLevel

Ladder = tuple[AccessLevel, ...]
"""Levels in ascending order: none, the one to read, the one to write, and possibly more."""

MEMBERSHIP_LADDER: Ladder = (AccessLevel.NONE, AccessLevel.MEMBER, AccessLevel.ADMIN)
"""For projects and organizations."""

OBJECT_LADDER: Ladder = (AccessLevel.NONE, AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.MANAGER)
"""For everything else."""


def reaches(ladder: Ladder, level: AccessLevel | None, required: AccessLevel) -> bool:
    """Return whether a level is at least the required one; None and levels of another ladder are not."""
    return level in ladder and ladder.index(level) >= ladder.index(required)
