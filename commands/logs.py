"""Where log lines of a running server go, and which of them."""

import logging

from settings import Settings

OWN_LOGGERS = ("trendgate", "asgi", "commands", "datasource", "permissions", "resolvers", "schema")


def configure_logging(settings: Settings) -> None:
    """Lines to standard error: our own from the level in the settings on, warnings from libraries."""
    level = settings.log_level.upper()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("uvicorn.access").setLevel(logging.INFO if settings.access_log else logging.WARNING)
