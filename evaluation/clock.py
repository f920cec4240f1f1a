"""The one place that asks what time it is; tests set it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PROVINCE_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    """The present moment in UTC, as timestamps are stored."""
    return datetime.now(UTC)


def today() -> date:
    """The present date in Vietnam: deadlines are dates there, not in UTC."""
    return now().astimezone(PROVINCE_ZONE).date()
