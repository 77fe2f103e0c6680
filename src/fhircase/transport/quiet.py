"""HTTP libraries log whole URLs, and a search's URL holds names and birth dates: queries are cut off."""

import logging

_LOUD = ("httpx", "urllib3.connectionpool")


class WithoutQuery(logging.Filter):
    """Cut the query off every URL among a log record's arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without queries."""
        if isinstance(record.args, tuple):
            record.args = tuple(_cut(value) for value in record.args)
        return True


def hush() -> None:
    """Install the filter, once."""
    for name in _LOUD:
        logger = logging.getLogger(name)
        if not any(isinstance(known, WithoutQuery) for known in logger.filters):
            logger.addFilter(WithoutQuery())


def _cut(value: object) -> object:
    if isinstance(value, int | float):
        return value
    text = str(value)
    return text.split("?", maxsplit=1)[0] + "?..." if "?" in text else value
