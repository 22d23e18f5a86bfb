"""Urgent messages, and the staff's judgements of them, which are saved as golden questions too."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chatbot.answering import CONTINUES_EMERGENCY
from chatbot.errors import ChangeRefused
from chatbot.evaluation import Expect
from chatbot.journal import Journal, LoggedQuestion
from chatbot.records import Level
from chatbot.staff.insights.saved_questions import GoldenFile

__all__ = ["UrgentMessages", "judge", "urgent_messages"]


@dataclass(frozen=True, slots=True)
class UrgentMessages:
    """The urgent messages of a period, newest first; after the retention they have no text."""

    rows: tuple[LoggedQuestion, ...]

    @property
    def by_level(self) -> Mapping[Level | None, int]:
        """The number of messages of each level; None for those that older releases logged."""
        return Counter(row.level for row in self.rows)

    @property
    def judged(self) -> int:
        """The number of messages that staff judged."""
        return sum(row.judged is not None for row in self.rows)

    @property
    def false_alarms(self) -> int:
        """The number of messages that were judged not to be an emergency."""
        return sum(row.judged is False for row in self.rows)


def urgent_messages(journal: Journal, days: int, now: datetime | None = None) -> UrgentMessages:
    """Return the urgent messages of the last days; raises `JournalError`."""
    since = (now or datetime.now(tz=UTC)) - timedelta(days=days)
    return UrgentMessages(journal.asked(since, urgent=True, passages=False))


def judge(journal: Journal, golden: GoldenFile, message: LoggedQuestion, account: str, *, emergency: bool) -> bool:
    """Record whether a message was an emergency and save it as a golden question; return whether one was saved.

    None is saved if the message was urgent only because of an earlier one, which the journal does not link to it.
    Raises `ChangeRefused` for a message without its text, `JournalError` and `StaffError`.
    """
    # The journal is marked first, so that a message that was erased in the meantime is not written down anew.
    if not message.text or not journal.judge(message.id, emergency=emergency):
        raise ChangeRefused("The words of this message are gone: load the list again.")
    if (message.rule or "").endswith(CONTINUES_EMERGENCY):
        return False
    expect = Expect.ESCALATE if emergency else Expect.EITHER
    golden.save(message.text, (), (), account, expect)
    return True
