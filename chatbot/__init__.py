"""Footnote: a clinic's chatbot that only ever quotes the clinic's own pages."""

__version__ = "0.1.0"
