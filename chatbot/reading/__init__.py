"""Read the files of the corpus folder into documents, and cut documents into passages."""

from chatbot.reading.about import field_keys, read_about
from chatbot.reading.blocks import echoes, shown_blocks
from chatbot.reading.boilerplate import Boilerplate, RepeatCounter, is_counted
from chatbot.reading.corpus import (
    EDITABLE,
    LARGEST,
    READERS,
    CorpusFiles,
    PageFile,
    corpus_digest,
    corpus_files,
    load_corpus,
    named_errors,
    no_pages,
    other_files,
    page_files,
    read_corpus,
    read_file,
    read_page,
)
from chatbot.reading.front_matter import read_front_matter, yaml_fields
from chatbot.reading.page import same_words
from chatbot.reading.questions import answer_label, asks, question_label, question_words
from chatbot.reading.sentences import CELL, LIST_MARK, cells, is_figure, opening_question, sentences, unwrapped
from chatbot.reading.splitting import SPLITTER, split

__all__ = [
    "CELL",
    "EDITABLE",
    "LARGEST",
    "LIST_MARK",
    "READERS",
    "SPLITTER",
    "Boilerplate",
    "CorpusFiles",
    "PageFile",
    "RepeatCounter",
    "answer_label",
    "asks",
    "cells",
    "corpus_digest",
    "corpus_files",
    "echoes",
    "field_keys",
    "is_counted",
    "is_figure",
    "load_corpus",
    "named_errors",
    "no_pages",
    "opening_question",
    "other_files",
    "page_files",
    "question_label",
    "question_words",
    "read_about",
    "read_corpus",
    "read_file",
    "read_front_matter",
    "read_page",
    "same_words",
    "sentences",
    "shown_blocks",
    "split",
    "unwrapped",
    "yaml_fields",
]
