"""Files of the corpus folder into documents, and documents into passages."""

from chatbot.reading.corpus import (
    LARGEST,
    READERS,
    Corpus,
    corpus_digest,
    corpus_files,
    front_matter,
    read_corpus,
    read_document,
)
from chatbot.reading.page import same_words
from chatbot.reading.sentences import LIST_MARK, sentences, unwrapped
from chatbot.reading.splitting import SPLITTER, split

__all__ = [
    "LARGEST",
    "LIST_MARK",
    "READERS",
    "SPLITTER",
    "Corpus",
    "corpus_digest",
    "corpus_files",
    "front_matter",
    "read_corpus",
    "read_document",
    "same_words",
    "sentences",
    "split",
    "unwrapped",
]
