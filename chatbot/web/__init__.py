"""The web application: everything that visitors and staff reach over HTTP, on one `Chatbot`."""

import inspect
import os
import sys
from tempfile import TemporaryDirectory
from typing import Any, Final

__all__ = ["create_app"]

# For uploads. Gradio's default, /tmp/gradio, belongs to the user of the machine who first started a Gradio program, and
# for everybody else the server would not start. This folder is removed when the program ends.
_TEMPORARY: Final = TemporaryDirectory(prefix="footnote-")


def _import_gradio() -> None:
    """Import Gradio without its stubs for editors (.pyi), which it writes anew whenever it is imported.

    They take two fifths of its import, a second of processor time. Gradio leaves them out for a class that has no file,
    so its classes have none while it is imported. Its own server of the Model Context Protocol is never used: without
    the protocol's SDK, which seems not to be installed meanwhile, its import takes half a second and 22 MB less.
    """
    # Gradio reads these two on import. Without the first, every start of the server is reported to Gradio's makers.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_TEMP_DIR", _TEMPORARY.name)
    getfile = inspect.getfile

    def getfile_without_gradio(thing: Any) -> str:  # noqa: ANN401 -- as the original
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError
        return getfile(thing)

    inspect.getfile = getfile_without_gradio  # type: ignore[assignment]  # its parameter has another name
    hidden = "mcp" not in sys.modules
    if hidden:
        sys.modules["mcp"] = None  # type: ignore[assignment]  # Python's own sign of a module that is not there
    try:
        import gradio  # noqa: F401, PLC0415 -- so that every later import finds it
    finally:
        inspect.getfile = getfile
        if hidden:
            del sys.modules["mcp"]


_import_gradio()

from chatbot.web.application import create_app  # noqa: E402 -- it imports Gradio, as its modules do
