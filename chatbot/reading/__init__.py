"""Read the files of the corpus folder into documents, and cut documents into passages."""

from chatbot.reading.corpus import (
    LARGEST,
    READERS,
    CorpusFiles,
    PageFile,
    corpus_digest,
    corpus_files,
    front_matter,
    load_corpus,
    no_pages,
    page_files,
    read_corpus,
    read_file,
    read_page,
)
from chatbot.reading.page import same_words
from chatbot.reading.sentences import LIST_MARK, sentences, unwrapped
from chatbot.reading.splitting import SPLITTER, split

__all__ = [
    "LARGEST",
    "LIST_MARK",
    "READERS",
    "SPLITTER",
    "CorpusFiles",
    "PageFile",
    "corpus_digest",
    "corpus_files",
    "front_matter",
    "load_corpus",
    "no_pages",
    "page_files",
    "read_corpus",
    "read_file",
    "read_page",
    "same_words",
    "sentences",
    "split",
    "unwrapped",
]
