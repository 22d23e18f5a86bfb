"""Which store the settings name."""

from chatbot.errors import SettingsError
from chatbot.indexing.store import FaissStore, StoreKind

__all__ = ["load_store"]


def load_store(address: str, site: str = "", writers: int = 1) -> StoreKind:
    """Return the kind of store at an address as FOOTNOTE_STORE has it, for one site; raises `SettingsError`.

    `writers` is the number of threads that send passages to a server.
    """
    if address == "faiss":
        return FaissStore
    if not address.startswith(("milvus://", "milvus+tls://")):
        raise SettingsError(
            "FOOTNOTE_STORE cannot be used: set it to 'faiss', or to an address such as "
            "'milvus://localhost:19530/clinic'."
        )
    try:
        from chatbot.indexing.milvus import MilvusKind  # noqa: PLC0415 - an extra, and seconds that others need not wait
    except ImportError as error:
        raise SettingsError(
            "FOOTNOTE_STORE names a Milvus server, and its client is missing: "
            "run pip install 'footnote-clinic[milvus]'."
        ) from error
    return MilvusKind.at(address, site, writers)
