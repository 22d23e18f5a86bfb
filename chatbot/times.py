"""Days and times in words: in this machine's time zone, as commands print them, or in UTC, as the console does."""

from datetime import date, datetime

__all__ = ["date_text", "day_text", "time_text", "utc_text"]


def date_text(day: date) -> str:
    """Return a day as a sentence says it, such as 5 November 2026."""
    return f"{day.day} {day:%B %Y}"


def day_text(moment: datetime) -> str:
    """Return the day of a moment in this machine's time zone, such as 5 November 2026."""
    return date_text(moment.astimezone())


def time_text(moment: datetime) -> str:
    """Return a moment in this machine's time zone, and the zone, such as 5 November 2026, 18:04 UTC."""
    return f"{day_text(moment)}, {moment.astimezone():%H:%M %Z}"


def utc_text(moment: datetime) -> str:
    """Return a moment (UTC) as a sentence says it, such as 5 November 2026 at 18:04 UTC."""
    return f"{date_text(moment)} at {moment:%H:%M} UTC"
