"""The staff's work: accounts, pages and clinic text, unanswered questions and checks, and the record of changes."""

from chatbot.staff.accounts.passwords import SignInThrottle
from chatbot.staff.accounts.sessions import Account, AccountStore, Role
from chatbot.staff.accounts.shared_failures import SharedFailures
from chatbot.staff.audit_log import AuditLog, Change, ChangeKind
from chatbot.staff.content.clinic_text import FIELDS, ClinicText
from chatbot.staff.content.cut_off import CutOffs
from chatbot.staff.content.daily_crawl import DailyCrawl, daily_crawl
from chatbot.staff.content.drafts import Draft, Drafts
from chatbot.staff.content.healing import IndexHealer, RebuildTurns
from chatbot.staff.content.listing import PageSummary, list_pages
from chatbot.staff.content.old_values import OldValue, foreign_values, foreign_warnings, old_values
from chatbot.staff.content.page_form import PageForm, is_editable, not_editable
from chatbot.staff.content.preview import PassageChange, Preview
from chatbot.staff.content.publishing import Publisher
from chatbot.staff.content.recovery import ContentPaths, IntentLog
from chatbot.staff.insights.approved_questions import Approval, ApprovedQuestions, stored_approvals
from chatbot.staff.insights.checks import (
    CheckReport,
    CheckReports,
    CheckResult,
    Differences,
    check_report_text,
    differences,
    raise_on_regression,
)
from chatbot.staff.insights.digest import daily_digest
from chatbot.staff.insights.digest_delivery import DailyDigest, Delivery, send_digest
from chatbot.staff.insights.embedding_cache import QuestionEmbeddings
from chatbot.staff.insights.first_day import (
    ERROR_RATES,
    AnswersAllowed,
    FirstDayReview,
    FirstDaySummary,
    Judgement,
    Verdict,
    answers_allowed,
    first_day_line,
    summarise,
)
from chatbot.staff.insights.first_day_questions import FirstDayQuestion, Specialty, specialties
from chatbot.staff.insights.prefetch import UnansweredPrefetcher
from chatbot.staff.insights.saved_questions import GoldenFile
from chatbot.staff.insights.sign_off import SignOffs, lists_digest, signed_lists, staff_warnings
from chatbot.staff.insights.unanswered import Row, UnansweredQuestions, unanswered_questions
from chatbot.staff.insights.urgent import UrgentMessages, judge, urgent_messages
from chatbot.staff.schema import staff_database

__all__ = [
    "ERROR_RATES",
    "FIELDS",
    "Account",
    "AccountStore",
    "AnswersAllowed",
    "Approval",
    "ApprovedQuestions",
    "AuditLog",
    "Change",
    "ChangeKind",
    "CheckReport",
    "CheckReports",
    "CheckResult",
    "ClinicText",
    "ContentPaths",
    "CutOffs",
    "DailyCrawl",
    "DailyDigest",
    "Delivery",
    "Differences",
    "Draft",
    "Drafts",
    "FirstDayQuestion",
    "FirstDayReview",
    "FirstDaySummary",
    "GoldenFile",
    "IndexHealer",
    "IntentLog",
    "Judgement",
    "OldValue",
    "PageForm",
    "PageSummary",
    "PassageChange",
    "Preview",
    "Publisher",
    "QuestionEmbeddings",
    "RebuildTurns",
    "Role",
    "Row",
    "SharedFailures",
    "SignInThrottle",
    "SignOffs",
    "Specialty",
    "UnansweredPrefetcher",
    "UnansweredQuestions",
    "UrgentMessages",
    "Verdict",
    "answers_allowed",
    "check_report_text",
    "daily_crawl",
    "daily_digest",
    "differences",
    "first_day_line",
    "foreign_values",
    "foreign_warnings",
    "is_editable",
    "judge",
    "list_pages",
    "lists_digest",
    "not_editable",
    "old_values",
    "raise_on_regression",
    "send_digest",
    "signed_lists",
    "specialties",
    "staff_database",
    "staff_warnings",
    "stored_approvals",
    "summarise",
    "unanswered_questions",
    "urgent_messages",
]
