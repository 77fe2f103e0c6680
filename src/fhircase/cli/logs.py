"""Where the log of the exchange goes: to stderr, for people or as JSON for programs, if the settings say so."""

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhircase.config import Config


def start(settings: "Config") -> None:
    """Write the log from now on, as the settings say."""
    from fhircase.worker.log import NAME

    logger = logging.getLogger(NAME)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    if settings.log == "off":
        # Not even warnings: what matters is in the report, and in the ledger.
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        return
    import structlog

    as_json = settings.log == "json"
    handler = logging.StreamHandler(sys.stderr)
    show = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, show],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
        )
    )
    logger.addHandler(handler)
    logger.setLevel(settings.log_level.upper())
    logger.propagate = False
