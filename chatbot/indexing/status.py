"""Whether the live build is of the pages as they are, without loading the model."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from chatbot.indexing.building import raise_if_incompatible
from chatbot.indexing.builds import Build, current, open_build
from chatbot.indexing.left_out import LeftOut, read_left_out
from chatbot.indexing.model_files import fingerprint_of, model_folder
from chatbot.indexing.texts import Texts
from chatbot.reading import page_files

__all__ = ["IndexStatus", "index_status"]


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The live build, and what changed in the corpus since.

    `changed`, `new` and `removed` name files. `left_out` are the files that the build left out. `languages` counts its
    pages by language, unknown ones under "".
    """

    build: Build
    changed: tuple[str, ...]
    new: tuple[str, ...]
    removed: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    languages: Mapping[str, int]

    @property
    def is_current(self) -> bool:
        """Whether the build is of the pages as they are."""
        return not (self.changed or self.new or self.removed)

    def page_addresses(self) -> dict[str, str | None]:
        """Return where the clinic publishes each page of the build, by the page's id; raises `IndexDamaged`."""
        return {name: document.url for name, document in Texts(self.build.folder).documents.items()}


def index_status(corpus: Path, index: Path, model: str) -> IndexStatus:
    """Compare the live build with the corpus; raises an `IndexingError`, a `CorpusError` or a `ModelError`."""
    build = open_build(index, current(index))
    raise_if_incompatible(build.manifest, fingerprint_of(model, model_folder(model)), index)
    left_out, texts = read_left_out(build.folder), Texts(build.folder)
    digests = {**{name: file.digest for name, file in left_out.items()}, **texts.digests}
    now = {file.name: file.digest for file in page_files(corpus, sha256())}
    return IndexStatus(
        build,
        tuple(name for name in now if name in digests and now[name] != digests[name]),
        tuple(name for name in now if name not in digests),
        tuple(name for name in digests if name not in now),
        tuple(left_out.values()),
        Counter(language or "" for language in texts.languages.values()),
    )
