"""What an editor typed into the form of a page and did not save, as the page's script keeps it in the browser's tab."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from chatbot.errors import ChangeRefused
from chatbot.staff import PageForm

__all__ = ["Unsaved"]


@dataclass(frozen=True, slots=True)
class Unsaved:
    """The typed form of a page, and the form as it was saved then; `page` is empty for a new page."""

    page: str
    before: PageForm
    typed: PageForm

    @classmethod
    def from_json(cls, text: str | None) -> Self:
        """Read what the script sent; raises `ChangeRefused`."""
        try:
            match json.loads(text or ""):
                case {"page": str(page), "before": dict(before), "typed": dict(typed)}:
                    return cls(page, _form(before), _form(typed))
        except (ValueError, KeyError, RecursionError):
            pass
        raise ChangeRefused("What was kept in this tab cannot be read.")


def _form(values: Mapping[str, object]) -> PageForm:
    texts = {field.name: values[field.name] for field in fields(PageForm)}
    return PageForm(**{name: text if isinstance(text, str) else "" for name, text in texts.items()})
