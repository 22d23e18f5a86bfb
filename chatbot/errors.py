"""Everything that goes wrong on purpose.

FootnoteError
├── SettingsError           an environment variable or clinic.toml says something that cannot be used
├── CorpusError             the corpus folder as a whole gives no pages
│   └── UnreadablePage      one file of it cannot be read; the others are still served
├── ModelError              the encoder's model is missing, unknown or not the one that was expected
├── IndexingError           there is no index that may be served
│   ├── IndexMissing        nothing was built yet
│   ├── IndexStale          the corpus, or how it is cut, changed since the build
│   ├── IndexIncompatible   it was built with another encoder or another version of Footnote
│   ├── IndexDamaged        a file of it is missing or is not what was written
│   └── IndexBusy           another build of it is under way
├── QuestionError           a question that cannot be asked
│   ├── QuestionEmpty       nothing is left once invisible characters are taken away
│   └── QuestionTooLong     it has more bytes or characters than anyone types
├── EvaluationError         the answers to golden questions were not measured, or are not good enough
│   ├── GoldenFileInvalid   the file holds no golden questions, or lines that are none
│   ├── ThresholdMissed     a figure is worse than what was asked for
│   └── CheckFailed         a question is answered worse than the last time
├── RequestError            a line or a body that holds no question at all
├── JournalError            the journal cannot be opened, read or written
├── StaffError              what the staff keep cannot be read or written
│   ├── AccountRefused      an account cannot be made or changed as asked
│   └── ChangeRefused       pages or words cannot be changed as asked
├── AnswerNotFound          no answer of that id is in the journal
└── DocumentNotFound        no page of that name is in the index

Each message says what happened and what cures it. `problem` gives any of them as an RFC 9457 object.
"""

from typing import ClassVar

__all__ = [
    "AccountRefused",
    "AnswerNotFound",
    "ChangeRefused",
    "CheckFailed",
    "CorpusError",
    "DocumentNotFound",
    "EvaluationError",
    "FootnoteError",
    "GoldenFileInvalid",
    "IndexBusy",
    "IndexDamaged",
    "IndexIncompatible",
    "IndexMissing",
    "IndexStale",
    "IndexingError",
    "JournalError",
    "ModelError",
    "QuestionEmpty",
    "QuestionError",
    "QuestionTooLong",
    "RequestError",
    "SettingsError",
    "StaffError",
    "ThresholdMissed",
    "UnreadablePage",
    "problem",
]


class FootnoteError(Exception):
    """The root of the tree: catch it to catch all that Footnote raises on purpose."""

    kind: ClassVar[str] = "failure"
    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500


class SettingsError(FootnoteError):
    """A setting or the clinic file cannot be used."""

    kind = "settings"
    title = "A setting cannot be used"


class CorpusError(FootnoteError):
    """The corpus folder gives no pages."""

    kind = "corpus"
    title = "The corpus cannot be read"


class UnreadablePage(CorpusError):
    """One file of the corpus cannot be read."""

    kind = "unreadable-page"
    title = "A page cannot be read"


class ModelError(FootnoteError):
    """The encoder's model cannot be used."""

    kind = "model"
    title = "The model cannot be used"


class IndexingError(FootnoteError):
    """There is no index that may be served."""

    kind = "index"
    title = "The index cannot be served"
    status = 503


class IndexMissing(IndexingError):
    """Nothing was built yet."""

    kind = "index-missing"
    title = "There is no index yet"


class IndexStale(IndexingError):
    """The corpus, or how it is cut, changed since the build."""

    kind = "index-stale"
    title = "The index is older than the pages"


class IndexIncompatible(IndexingError):
    """The index was built with another encoder or another version of Footnote."""

    kind = "index-foreign"
    title = "The index belongs to another set-up"


class IndexDamaged(IndexingError):
    """A file of the index is missing or is not what was written."""

    kind = "index-damaged"
    title = "The index is damaged"


class IndexBusy(IndexingError):
    """Another build of the same index is under way."""

    kind = "index-busy"
    title = "Another build is under way"


class QuestionError(FootnoteError):
    """A question that cannot be asked."""

    kind = "question"
    title = "The question cannot be asked"
    status = 422


class QuestionEmpty(QuestionError):
    """Nothing readable is left of the question."""

    kind = "question-empty"
    title = "The question is empty"


class QuestionTooLong(QuestionError):
    """The question is longer than anyone types."""

    kind = "question-too-long"
    title = "The question is too long"


class EvaluationError(FootnoteError):
    """The answers to golden questions were not measured, or are not good enough."""

    kind = "evaluation"
    title = "The evaluation failed"


class GoldenFileInvalid(EvaluationError):
    """A file holds no golden questions, or lines that are none."""

    kind = "golden-unusable"
    title = "The golden questions cannot be used"


class ThresholdMissed(EvaluationError):
    """A figure is worse than what was asked for."""

    kind = "threshold-missed"
    title = "The answers are not good enough"


class CheckFailed(EvaluationError):
    """A golden question that was answered rightly the last time is not any more."""

    kind = "check-failed"
    title = "The answers became worse"


class RequestError(FootnoteError):
    """A line or a body that holds no question at all."""

    kind = "request"
    title = "The request cannot be read"
    status = 400


class JournalError(FootnoteError):
    """The journal cannot be opened, read or written."""

    kind = "journal"
    title = "The journal cannot be used"
    status = 503


class StaffError(FootnoteError):
    """What the staff keep cannot be read or written."""

    kind = "staff"
    title = "The staff's records cannot be used"
    status = 503


class AccountRefused(StaffError):
    """An account cannot be made or changed as asked."""

    kind = "account-refused"
    title = "The account cannot be changed like that"
    status = 422


class ChangeRefused(StaffError):
    """Pages or words cannot be changed as asked."""

    kind = "change-refused"
    title = "This cannot be changed like that"
    status = 422


class AnswerNotFound(FootnoteError):
    """No answer of that id is in the journal."""

    kind = "answer-not-found"
    title = "There is no such answer"
    status = 404


class DocumentNotFound(FootnoteError):
    """No page of that name is in the index."""

    kind = "page-not-found"
    title = "There is no such page"
    status = 404


def problem(error: FootnoteError) -> dict[str, object]:
    """Give an error as an RFC 9457 problem object."""
    return {
        "type": f"urn:footnote:problem:{error.kind}",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
    }
