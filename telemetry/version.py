"""The version of the gateway."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """The version of the installed package; "unreleased" in a source tree that is not installed."""
    try:
        return version("trendgate")
    except PackageNotFoundError:
        return "unreleased"
