"""Content that is compressed once, instead of at every request for it."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import Response
from starlette.datastructures import Headers

__all__ = ["CompressedContent"]

_VARY: Final = {"Vary": "Accept-Encoding"}


@dataclass(frozen=True, slots=True)
class CompressedContent:
    """The body of a response as gzip, and its media type."""

    compressed: bytes
    media_type: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "CompressedContent":
        """Compress a body."""
        return cls(gzip.compress(content, mtime=0), media_type)

    def response(self, request: Headers, headers: Mapping[str, str]) -> Response:
        """Build the response to a request with these headers; a client that does not know gzip gets it unpacked."""
        if "gzip" in request.get("accept-encoding", ""):
            headers = {**headers, **_VARY, "Content-Encoding": "gzip"}
            return Response(self.compressed, media_type=self.media_type, headers=headers)
        return Response(gzip.decompress(self.compressed), media_type=self.media_type, headers={**headers, **_VARY})
