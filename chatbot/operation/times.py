"""Days and times as commands print them: in the time zone of this machine, and in words."""

from datetime import datetime

__all__ = ["day_text", "time_text"]


def day_text(moment: datetime) -> str:
    """Return the day of a moment, such as 5 November 2026."""
    here = moment.astimezone()
    return f"{here.day} {here:%B %Y}"


def time_text(moment: datetime) -> str:
    """Return a moment with its time zone, such as 5 November 2026, 18:04 UTC."""
    return f"{day_text(moment)}, {moment.astimezone():%H:%M %Z}"
