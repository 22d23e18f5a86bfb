"""Days and times in words: in this machine's time zone, as commands print them, or in UTC, as the console does."""

from datetime import datetime

__all__ = ["day_text", "time_text", "utc_text"]


def day_text(moment: datetime) -> str:
    """Return the day of a moment in this machine's time zone, such as 5 November 2026."""
    here = moment.astimezone()
    return f"{here.day} {here:%B %Y}"


def time_text(moment: datetime) -> str:
    """Return a moment in this machine's time zone, and the zone, such as 5 November 2026, 18:04 UTC."""
    return f"{day_text(moment)}, {moment.astimezone():%H:%M %Z}"


def utc_text(moment: datetime) -> str:
    """Return a moment (UTC) as a sentence says it, such as 5 November 2026 at 18:04 UTC."""
    return f"{moment.day} {moment:%B %Y at %H:%M} UTC"
