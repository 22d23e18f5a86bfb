"""The web application: everything that visitors and staff reach over HTTP, on one `Chatbot`."""

import os

# Gradio reads this on import. Without it, every start of the server is reported to Gradio's makers.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from chatbot.web.application import create_app

__all__ = ["create_app"]
