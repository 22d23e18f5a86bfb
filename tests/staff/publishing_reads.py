"""A program of its own that publishes pages and prints how often each file was opened for reading.

Audit hooks stay for the life of a process, so the counting runs outside of the tests' own.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import build_index
from chatbot.staff import Account, AuditLog, ContentPaths, Drafts, PageForm, Publisher, Role, staff_database
from tests.conftest import WordEncoder


def main() -> None:
    root = Path(sys.argv[1])
    place, encoder = ContentPaths(root / "corpus", root / "index", root / "staff"), WordEncoder()
    build_index(place.corpus, place.index, encoder)
    database = staff_database(place.staff)
    bot = Chatbot(place.corpus, place.index, encoder, Clinic())
    publisher = Publisher(bot, place, Drafts(database), AuditLog(database))
    opened: Counter[str] = Counter()

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event == "open" and isinstance(args[0], str | Path) and isinstance(args[2], int):
            path, readable = Path(args[0]), args[2] & os.O_ACCMODE == os.O_RDONLY
            if readable and path.is_relative_to(root) and path.is_file() and path.name not in {"CURRENT", ".lock"}:
                opened[path.relative_to(root).as_posix()] += 1

    sys.addaudithook(hook)
    editor, reads = Account("alice", Role.EDITOR), {}
    publisher.stage(editor, PageForm("Parking", "", "", "Free parking is behind the house."))
    reads["stage"] = dict(opened)
    old = bot.build
    opened.clear()
    publisher.publish(editor, lambda _done, _total, _step: None)
    reads["publish"] = {
        name.replace(old, "old").replace(bot.build, "new"): count
        for name, count in opened.items()
        if "sqlite" not in name
    }
    sys.stdout.write(json.dumps(reads))


main()
