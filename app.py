"""Serves Footnote: settings, then the bot, then the web application."""

from chatbot.settings import load_settings
from chatbot.web import serve

if __name__ == "__main__":
    serve(load_settings())
