"""Structured logs: JSON for machines, a readable console for people."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

from myclothes_kit import request_ids

if TYPE_CHECKING:
    from structlog.typing import Processor


def configure(service: str, level: str = "info", fmt: str = "json") -> None:
    """Send structlog's and the standard library's logs to standard output as one stream.

    `level` is one of debug, info, warning, error; `fmt` is json or console.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        request_ids.add_to_event,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[Processor]
    if fmt == "json":
        renderer = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    else:
        renderer = [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # libraries speak up from warnings on; a service's own events are structlog's
    root.setLevel(max(number, logging.WARNING))
