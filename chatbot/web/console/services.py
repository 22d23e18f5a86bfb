"""The services that the tabs of the console use."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from anyio import to_thread

from chatbot.bot import Chatbot
from chatbot.database import Database
from chatbot.errors import StaffError
from chatbot.journal import Journal
from chatbot.settings import Settings
from chatbot.staff import (
    AccountStore,
    ApprovedQuestions,
    AuditLog,
    CheckReports,
    ClinicText,
    ContentPaths,
    CutOffs,
    Drafts,
    FirstDayReview,
    GoldenFile,
    Publisher,
    QuestionEmbeddings,
    SharedFailures,
    SignInThrottle,
    SignOffs,
    staff_database,
)
from chatbot.web.http.translations import check_texts

__all__ = ["ConsoleServices"]

_LOG = logging.getLogger(__name__)
_LOOK: Final = 2.0  # seconds between two looks for what other servers did


@dataclass(frozen=True, slots=True)
class ConsoleServices:
    """The chatbot, the journal or None, the settings, and the stores of what the staff change."""

    bot: Chatbot
    journal: Journal | None
    settings: Settings
    database: Database
    account_store: AccountStore
    throttle: SignInThrottle
    audit_log: AuditLog
    pages: Publisher
    cut_offs: CutOffs
    clinic_text: ClinicText
    question_embeddings: QuestionEmbeddings
    golden_file: GoldenFile
    approved_questions: ApprovedQuestions
    first_day_review: FirstDayReview
    reports: CheckReports
    sign_offs: SignOffs

    @classmethod
    def of(cls, bot: Chatbot, journal: Journal | None, settings: Settings) -> "ConsoleServices":
        """Build the services that the settings describe."""
        database = staff_database(settings.staff, settings.staff_database)
        audit_log = AuditLog(database)
        place = ContentPaths(settings.corpus, settings.index, settings.staff)
        pages = Publisher(bot, place, Drafts(database), audit_log)
        golden_file = GoldenFile(settings.staff, database)
        approved_questions = ApprovedQuestions(bot, database, golden_file, audit_log)
        with suppress(StaffError):  # visitors are answered all the same; the tabs say what is wrong
            approved_questions.serve()
        return cls(
            bot=bot,
            journal=journal,
            settings=settings,
            database=database,
            account_store=AccountStore(database),
            throttle=SignInThrottle(time.time),
            audit_log=audit_log,
            pages=pages,
            cut_offs=CutOffs(settings.staff),
            clinic_text=ClinicText(bot, settings.clinic, audit_log, check_texts),
            question_embeddings=QuestionEmbeddings(bot),
            golden_file=golden_file,
            approved_questions=approved_questions,
            first_day_review=FirstDayReview(database, approved_questions, golden_file, audit_log),
            reports=CheckReports(settings.staff, database),
            sign_offs=SignOffs(database),
        )

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """Follow what other servers do, for as long as the application runs, and then close the database."""
        following = asyncio.create_task(self._follow()) if self.database.is_shared else None
        yield
        if following:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
        await to_thread.run_sync(self.database.close)

    async def _follow(self) -> None:
        named, failures = "", SharedFailures(self.throttle, self.database)
        while True:
            await asyncio.sleep(_LOOK)
            try:
                await to_thread.run_sync(self.approved_questions.follow)
                await to_thread.run_sync(failures.sync)
                named = ""
            except StaffError as error:
                if str(error) != named:  # once, not at every look
                    _LOG.warning("What other servers do is not followed: %s", error)
                named = str(error)
