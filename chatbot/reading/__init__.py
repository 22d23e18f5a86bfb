"""Files of the corpus folder into documents, and documents into passages."""

from chatbot.reading.corpus import LARGEST, READERS, Corpus, corpus_digest, read_corpus, read_document
from chatbot.reading.sentences import sentences
from chatbot.reading.splitting import SPLITTER, split

__all__ = [
    "LARGEST",
    "READERS",
    "SPLITTER",
    "Corpus",
    "corpus_digest",
    "read_corpus",
    "read_document",
    "sentences",
    "split",
]
