"""Messages that alarmed, and what the staff say of them: each judgement is a golden question, too."""

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
    """The messages of a period that alarmed, newest first; their words are gone after the retention."""

    rows: tuple[LoggedQuestion, ...]

    @property
    def by_level(self) -> Mapping[Level | None, int]:
        """The number of messages of each level; None for those from before levels were kept."""
        return Counter(row.level for row in self.rows)

    @property
    def judged(self) -> int:
        """The number of messages that the staff judged."""
        return sum(row.judged is not None for row in self.rows)

    @property
    def false_alarms(self) -> int:
        """The number of messages that were judged not to be an emergency."""
        return sum(row.judged is False for row in self.rows)


def urgent_messages(journal: Journal, days: int, now: datetime | None = None) -> UrgentMessages:
    """Return the messages that alarmed in the last days; raises `JournalError`."""
    since = (now or datetime.now(tz=UTC)) - timedelta(days=days)
    return UrgentMessages(journal.asked(since, urgent=True, passages=False))


def judge(journal: Journal, golden: GoldenFile, message: LoggedQuestion, account: str, *, emergency: bool) -> bool:
    """Keep whether a message was an emergency, and save it as a golden question; return whether one was saved.

    None is saved for a message that was urgent only because of the one before it, which the journal does not know.
    Raises `ChangeRefused` for a message whose words are gone, `JournalError` and `StaffError`.
    """
    # Marked first: nothing of a message that was erased meanwhile is written down anew.
    if not message.text or not journal.judge(message.id, emergency=emergency):
        raise ChangeRefused("The words of this message are gone: load the list again.")
    if (message.rule or "").endswith(CONTINUES_EMERGENCY):
        return False
    expect = Expect.ESCALATE if emergency else Expect.EITHER
    golden.save(message.text, (), (), account, expect)
    return True
