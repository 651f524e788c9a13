"""One log line for each GraphQL operation."""

import logging

from resolvers.reports import OperationReport

logger = logging.getLogger("trendgate.operations")


def log_operation(report: OperationReport) -> None:
    """What it was, how it ended, how long it took, and what it cost ClickHouse."""
    fields = {
        "operation_type": report.kind,
        "operation_name": report.name,
        "outcome": report.outcome,
        "codes": list(report.codes),
        "duration_ms": round(report.seconds * 1000, 1),
        "queries": report.queries,
        "rows_read": report.rows_read,
        "query_ids": list(report.query_ids),
    }
    logger.info(
        "%s %s: %s in %.1f ms, %d queries, %d rows read",
        report.kind,
        report.name or "-",
        report.outcome,
        report.seconds * 1000,
        report.queries,
        report.rows_read,
        extra={"fields": fields},
    )
