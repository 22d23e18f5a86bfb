"""The tree of the errors that Footnote raises on purpose.

FootnoteError
├── SettingsError           a value in the environment or in clinic.toml cannot be used
├── SiteRefused             a site of many is not there, or cannot be made or changed like that
├── CorpusError             the corpus folder as a whole cannot be read
│   └── UnreadablePage      one file of it cannot be read, and the others are still served
│       └── PageUnpublished it says of itself that it is not published: a draft, or one that expired
├── CrawlError              the site cannot be crawled, or its pages cannot be written
├── ModelError              the encoder's model is missing, unknown or altered
│   └── EncoderDiffers      ONNX Runtime does not compute the model's vectors on this machine
├── IndexingError           the index cannot be served
│   ├── IndexMissing        no index is built yet
│   ├── IndexStale          the corpus, or the way it is split, changed since the build
│   ├── IndexIncompatible   it was built with another encoder or another version of Footnote
│   ├── IndexDamaged        a file of it is missing or altered
│   ├── IndexBusy           another build of it is under way
│   └── StoreUnavailable    the server that searches it does not answer
├── QuestionError           the question cannot be asked
│   ├── QuestionEmpty       it has no visible characters
│   └── QuestionTooLong     it has too many bytes or characters
├── EvaluationError         the answers to golden questions cannot be measured or are not good enough
│   ├── GoldenFileInvalid   the file has no golden questions, or lines that cannot be read
│   ├── ThresholdMissed     a figure is beyond the bound set for it
│   └── CheckFailed         a question is answered worse than last time
├── RequestError            a line or a request body cannot be read
├── JournalError            the journal cannot be opened, read or written
├── StaffError              a file or database of the staff console cannot be read or written
│   ├── AccountRefused      an account cannot be made or changed like that
│   ├── SingleSignOnRefused the provider of single sign-on lets somebody in not at all, or not here
│   └── ChangeRefused       pages or clinic texts cannot be changed like that
├── BackupError             a backup cannot be written, or cannot be restored
├── DigestNotSent           the daily digest could not be sent by e-mail or to a webhook
├── AnswerNotFound          the journal has no answer with that id
└── DocumentNotFound        the index has no page with that name

Each message says what happened and how to cure it. `problem` turns an error into an RFC 9457 object.
"""

from typing import ClassVar

__all__ = [
    "AccountRefused",
    "AnswerNotFound",
    "BackupError",
    "ChangeRefused",
    "CheckFailed",
    "CorpusError",
    "CrawlError",
    "DigestNotSent",
    "DocumentNotFound",
    "EncoderDiffers",
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
    "PageUnpublished",
    "QuestionEmpty",
    "QuestionError",
    "QuestionTooLong",
    "RequestError",
    "SettingsError",
    "SingleSignOnRefused",
    "SiteRefused",
    "StaffError",
    "StoreUnavailable",
    "ThresholdMissed",
    "UnreadablePage",
    "problem",
]


class FootnoteError(Exception):
    """The root of the tree: catch it to catch every error that Footnote raises on purpose."""

    kind: ClassVar[str] = "failure"
    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500


class SettingsError(FootnoteError):
    """A setting or the clinic file cannot be used."""

    kind = "settings"
    title = "A setting cannot be used"


class SiteRefused(FootnoteError):
    """A site of many is not there, or cannot be made or changed like that."""

    kind = "site-refused"
    title = "The site cannot be used like that"
    status = 503


class CorpusError(FootnoteError):
    """The corpus folder as a whole cannot be read."""

    kind = "corpus"
    title = "The corpus cannot be read"


class UnreadablePage(CorpusError):
    """One file of the corpus cannot be read."""

    kind = "unreadable-page"
    title = "A page cannot be read"


class PageUnpublished(UnreadablePage):
    """One file of the corpus says of itself that it is not published; nothing is to be corrected."""

    kind = "page-unpublished"
    title = "A page is not published"


class CrawlError(FootnoteError):
    """The site cannot be crawled, or its pages cannot be written."""

    kind = "crawl"
    title = "The site cannot be read"


class ModelError(FootnoteError):
    """The encoder's model is missing, unknown or altered."""

    kind = "model"
    title = "The model cannot be used"


class EncoderDiffers(ModelError):
    """ONNX Runtime does not compute the model's vectors on this machine; sentence-transformers is used instead."""

    kind = "encoder-differs"
    title = "The model runs differently here"


class IndexingError(FootnoteError):
    """The index cannot be served."""

    kind = "index"
    title = "The index cannot be served"
    status = 503


class IndexMissing(IndexingError):
    """No index is built yet."""

    kind = "index-missing"
    title = "There is no index yet"


class IndexStale(IndexingError):
    """The corpus, or the way it is split, changed since the build."""

    kind = "index-stale"
    title = "The index is older than the pages"


class IndexIncompatible(IndexingError):
    """The index was built with another encoder or another version of Footnote."""

    kind = "index-foreign"
    title = "The index belongs to another set-up"


class IndexDamaged(IndexingError):
    """A file of the index is missing or altered."""

    kind = "index-damaged"
    title = "The index is damaged"


class IndexBusy(IndexingError):
    """Another build of the same index is under way."""

    kind = "index-busy"
    title = "Another build is under way"


class StoreUnavailable(IndexingError):
    """The server that searches the index does not answer, or refuses to."""

    kind = "store-unavailable"
    title = "The search cannot be reached"


class QuestionError(FootnoteError):
    """The question cannot be asked."""

    kind = "question"
    title = "The question cannot be asked"
    status = 422


class QuestionEmpty(QuestionError):
    """The question has no visible characters."""

    kind = "question-empty"
    title = "The question is empty"


class QuestionTooLong(QuestionError):
    """The question has too many bytes or characters."""

    kind = "question-too-long"
    title = "The question is too long"


class EvaluationError(FootnoteError):
    """The answers to golden questions cannot be measured or are not good enough."""

    kind = "evaluation"
    title = "The evaluation failed"


class GoldenFileInvalid(EvaluationError):
    """The file has no golden questions, or lines that cannot be read."""

    kind = "golden-unusable"
    title = "The golden questions cannot be used"


class ThresholdMissed(EvaluationError):
    """A figure is beyond the bound set for it."""

    kind = "threshold-missed"
    title = "The answers are not good enough"


class CheckFailed(EvaluationError):
    """A golden question is answered worse than last time."""

    kind = "check-failed"
    title = "The answers became worse"


class RequestError(FootnoteError):
    """A line or a request body cannot be read."""

    kind = "request"
    title = "The request cannot be read"
    status = 400


class JournalError(FootnoteError):
    """The journal cannot be opened, read or written."""

    kind = "journal"
    title = "The journal cannot be used"
    status = 503


class StaffError(FootnoteError):
    """A file or database of the staff console cannot be read or written."""

    kind = "staff"
    title = "The staff's records cannot be used"
    status = 503


class AccountRefused(StaffError):
    """An account cannot be made or changed like that."""

    kind = "account-refused"
    title = "The account cannot be changed like that"
    status = 422


class SingleSignOnRefused(StaffError):
    """The provider of single sign-on cannot be used, or does not vouch for somebody with an account."""

    kind = "single-sign-on-refused"
    title = "You cannot sign in like that"
    status = 403


class ChangeRefused(StaffError):
    """Pages or clinic texts cannot be changed like that."""

    kind = "change-refused"
    title = "This cannot be changed like that"
    status = 422


class BackupError(FootnoteError):
    """A backup cannot be written, or cannot be restored."""

    kind = "backup"
    title = "The backup cannot be used"


class DigestNotSent(FootnoteError):
    """The daily digest could not be sent by e-mail or to a webhook."""

    kind = "digest"
    title = "The digest could not be sent"


class AnswerNotFound(FootnoteError):
    """The journal has no answer with that id."""

    kind = "answer-not-found"
    title = "There is no such answer"
    status = 404


class DocumentNotFound(FootnoteError):
    """The index has no page with that name."""

    kind = "page-not-found"
    title = "There is no such page"
    status = 404


def problem(error: FootnoteError) -> dict[str, object]:
    """Return an error as an RFC 9457 problem object."""
    return {
        "type": f"urn:footnote:problem:{error.kind}",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
    }
