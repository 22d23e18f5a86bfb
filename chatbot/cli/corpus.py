"""The commands of the clinic's site: init, serve, widget."""

import argparse
import logging
import re
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Final

from chatbot.errors import FootnoteError, StoreUnavailable
from chatbot.settings import Settings

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.staff import IndexHealer
    from chatbot.web.http.metrics import Metrics

__all__ = ["add_corpus_commands"]

_LOG = logging.getLogger(__name__)
_EXAMPLE: Final = Path(__file__).parent / "example"
_WARM_UP: Final = 5.0  # seconds after which the server is surely ready; earlier, this work would delay it


def add_corpus_commands(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parsers of these commands."""
    init = add_command(
        "init", help="make an example page and a clinic.toml to start from", example="footnote init clinic"
    )
    init.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="where (default: here)")
    init.set_defaults(run=_init, of_one_site=False)

    serve = add_command(
        "serve", help="serve the chat page, the chat for the clinic's site, the staff console and the API"
    )
    serve.set_defaults(run=_serve, logs=True, of_one_site=False)

    widget = add_command(
        "widget",
        help="print the line of HTML that shows the chat on the clinic's site",
        example="footnote widget https://chat.clinic.example",
    )
    widget.add_argument("server", metavar="URL", help="public address of this server, as a browser shows it")
    widget.add_argument("--language", metavar="CODE", help="the chat's language, such as de (default: clinic.toml's)")
    widget.add_argument(
        "--pin", action="store_true", help="pin the program by its hash; after each upgrade, the line must be replaced"
    )
    widget.set_defaults(run=_widget)


def _init(_: Settings, options: argparse.Namespace) -> None:
    folder: Path = options.folder
    for path in (folder / "corpus", folder / "clinic.toml"):
        if path.exists():
            raise FootnoteError(f"{path} exists already, and nothing was changed: name another folder.")
    try:
        shutil.copytree(_EXAMPLE, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    except OSError as error:  # shutil.Error, a list of single failures, has no errno
        raise FootnoteError(f"{folder} cannot be written: {error.strerror or error}. Name another folder.") from error
    print(
        f"Made {folder / 'corpus' / 'aftercare.md'}, an example page, and {folder / 'clinic.toml'}.\n"
        "Replace the page with your own (.md or .txt) and fill in clinic.toml. Then run in that folder:\n"
        "  footnote build\n"
        '  footnote ask "how long does the swelling last?"\n'
        "  footnote serve"
    )


def _serve(settings: Settings, _: argparse.Namespace) -> None:
    if settings.sites and not settings.site:
        _serve_sites(settings)
    else:
        _serve_one(settings)


def _serve_sites(settings: Settings) -> None:
    from chatbot.bot import load_pipeline
    from chatbot.indexing import load_encoder
    from chatbot.sites import Sites
    from chatbot.web.open_sites import create_sites_app
    from chatbot.web.server import listen, run

    sites = Sites.of(settings)
    found = sites.find()
    address = listen(settings.host, settings.port, at_once=not settings.database)
    pipeline = load_pipeline(load_encoder(settings.model))
    pipeline.tools.encoder.encode_questions(["Are you ready?"])  # loads the model, so that no visitor waits for it
    print(f"Serving {len(found.sites)} sites of {sites.folder} on {_shown(settings)} (Ctrl+C stops it)", flush=True)
    _later(pipeline.tools.triage.load_languages)
    metrics = _metrics(settings)
    create = partial(create_sites_app, settings, sites, pipeline, metrics=metrics)
    run(create, settings.trusted_proxies, address, metrics)


def _metrics(settings: Settings) -> "Metrics | None":
    """Serve metrics where the settings say so; raises `SettingsError`."""
    if settings.metrics is None:
        return None
    from chatbot.web.http.metrics import Metrics

    metrics = Metrics()
    metrics.listen(*settings.metrics)
    return metrics


def _later(work: Callable[[], object]) -> None:
    warm_up = Timer(_WARM_UP, work)
    warm_up.daemon = True  # it keeps no server that is stopped
    warm_up.start()


def _shown(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}{settings.root_path}"


def _serve_one(settings: Settings) -> None:
    from chatbot.operation.presence import serving

    with serving(settings):
        _open_and_serve(settings)


def _open_and_serve(settings: Settings) -> None:
    from chatbot.journal import Journal
    from chatbot.web.server import listen, serve

    journal = Journal.open(settings.journal, settings.retention)
    # Of servers that share a database, another one answers until this one is ready.
    address = listen(settings.host, settings.port, at_once=not settings.database)
    healer = _open_healer(settings)
    _log_warnings(healer.bot)
    print(f"Serving {healer.bot.clinic.name} on {_shown(settings)} (Ctrl+C stops it)", flush=True)
    _later(healer.bot.warm_up)
    healer.start()
    serve(healer.bot, journal, settings, address, metrics=_metrics(settings))


def _open_healer(settings: Settings) -> "IndexHealer":
    """Open the chatbot, and load its model, so that the first visitor need not wait for it."""
    from chatbot.cli.progress import progress_bar
    from chatbot.staff import IndexHealer

    with progress_bar("Reading", " files") as read, progress_bar("Embedding", " passages") as show:
        healer = IndexHealer.open(settings, progress=show, reading=read)
    try:
        healer.bot.ask("Are you ready?")
    except StoreUnavailable as error:
        _LOG.warning("%s", error)
    return healer


def _log_warnings(bot: "Chatbot") -> None:
    """Log what of a chatbot is not as visitors should find it."""
    from chatbot.clinic import Contact, example_warnings

    if bot.clinic.contact == Contact():
        _LOG.warning("The chat does not say how to reach the clinic: fill in [contact] in clinic.toml.")
    for warning in (*bot.warnings, *example_warnings(bot.clinic)):
        _LOG.warning("%s", warning)


def _widget(settings: Settings, options: argparse.Namespace) -> None:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal
    from chatbot.sites import Sites
    from chatbot.web.visitor.widget import script_tag

    if not re.match("https?://[^/]", options.server):
        raise FootnoteError(f"{options.server} is no address: write it with https://, as a browser shows it.")
    bot = Chatbot.open(settings)
    journal = Journal.open(settings.journal, settings.retention)
    language = options.language or bot.clinic.widget.language
    server = Sites.of(settings).get(settings.site).base(options.server) if settings.sites else options.server
    print(script_tag(bot, server, language, journal.retention if journal else 0, pin=options.pin))
    if not bot.clinic.sites.allowed:
        print("clinic.toml allows no site yet: list yours under [sites], allowed.", file=sys.stderr)
