"""The web: chat page, documents' pages and JSON interface, all surfaces on one `Chatbot`."""

import os

# Gradio reads this when it is imported; without it the server tells Gradio's makers of every start.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from chatbot.web.application import create_app

__all__ = ["create_app"]
