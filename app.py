"""Serves Footnote: settings -> bot -> web application -> uvicorn, with the errors of the command line."""

import sys

from chatbot.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["serve"]))
