"""Edits of clinic.toml as text that keep its comments and line breaks."""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Final

import tomlkit
from tomlkit.container import Container, OutOfOrderTableProxy
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Comment, Item, Table, Whitespace

from chatbot.clinic import Reply
from chatbot.errors import ChangeRefused

__all__ = ["with_reply", "with_values", "without_reply"]

_REPLIES: Final = "replies"
_OLD_REPLIES: Final = "routes"  # a file that has the old key keeps it

_Holder = Container | Table | OutOfOrderTableProxy


def with_values(text: str, values: Mapping[str, str | bool]) -> str:
    """Set values by their keys, such as `name` or `urgent.crisis.phone`.

    An empty text in a table removes the key, unless a comment stands beside it: then the value becomes "".
    """
    document = _parse(text)
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        holder = _table(document, table) if table else document
        if value or not table or value is False or _has_comment(holder, key):
            _set(holder, key, value)
        elif key in holder:
            del holder[key]
    return tomlkit.dumps(document)


def with_reply(text: str, reply: Reply, name: str | None) -> str:
    """Replace the reply called `name`, or add one where the name is None."""
    document = _parse(text)
    table = tomlkit.table() if name is None else _find_reply(_replies(document), name)
    _set(table, "name", reply.name)
    _set(table, "reply", reply.reply)
    if reply.link:
        _set(table, "link", reply.link)
    elif "link" in table:
        del table["link"]
    _set_examples(table, reply.examples)
    if name is None:
        _replies(document).append(table)
    return tomlkit.dumps(document)


def without_reply(text: str, name: str) -> str:
    """Remove the reply called `name`; comments above the next one stay."""
    document = _parse(text)
    replies = _replies(document)
    table = _find_reply(replies, name)
    position = list(replies).index(table)
    before = replies[position - 1] if position else _table_before(document, replies)
    if before is not None:
        before.value.body.extend((None, item) for item in _trailing_comments(table))
    del replies[position]
    if not len(replies):
        del document[_replies_key(document)]
    return tomlkit.dumps(document)


def _parse(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise ChangeRefused(
            f"clinic.toml cannot be read: {error}. Ask whoever looks after the server to correct it."
        ) from error


def _table(document: tomlkit.TOMLDocument, name: str) -> _Holder:
    """Return a table by its name, such as `urgent.crisis`; add it where it is missing."""
    holder: _Holder = document
    for part in name.split("."):
        if part not in holder:
            holder[part] = tomlkit.table()
        inner = holder[part]
        if not isinstance(inner, Table | OutOfOrderTableProxy):
            raise ChangeRefused(f"clinic.toml: {name} must be a table, written as [{name}] above its lines.")
        holder = inner
    return holder


def _has_comment(holder: _Holder, key: str) -> bool:
    item = holder.get(key)
    return isinstance(item, Item) and bool(item.trivia.comment)


def _replies(document: tomlkit.TOMLDocument) -> AoT:
    key = _replies_key(document)
    if key not in document:
        document.add(key, tomlkit.aot())
    replies = document[key]
    if not isinstance(replies, AoT):
        raise ChangeRefused(f"clinic.toml: {key} must be tables, each written as [[{key}]] above its lines.")
    return replies


def _replies_key(document: tomlkit.TOMLDocument) -> str:
    return _OLD_REPLIES if _OLD_REPLIES in document else _REPLIES


def _find_reply(replies: AoT, name: str) -> Table:
    for table in replies:
        if isinstance(table, Table) and str(table.get("name", "")).strip() == name:
            return table
    raise ChangeRefused(f"There is no reply called {name!r} any more: load the list again.")


def _set(table: _Holder, key: str, value: str | bool) -> None:
    """Set a value, unless the key holds it already: its line breaks and quotes in the file then stay as they are."""
    if isinstance(value, bool):
        table[key] = value
    elif key not in table or str(table[key]).strip() != value:
        table[key] = tomlkit.string(value, multiline="\n" in value)


def _set_examples(table: Table, examples: Sequence[str]) -> None:
    """Set the ways to ask; those that stay keep their lines and comments, unless their order changes."""
    array = table.get("examples")
    if isinstance(array, Array):
        for position in reversed(range(len(array))):
            if str(array[position]).strip() not in examples:
                del array[position]
        array.extend(example for example in examples if example not in _texts(array))
        if _texts(array) == list(examples):
            return
    fresh = tomlkit.array().multiline(multiline=True)
    fresh.extend(examples)
    table["examples"] = fresh


def _texts(array: Array) -> list[str]:
    return [str(item).strip() for item in array]


def _trailing_comments(table: Table) -> list[Item]:
    """Return the comments below a table's last key: they belong to the table that follows."""
    items = (item for _, item in reversed(table.value.body))
    return list(takewhile(lambda item: isinstance(item, Comment | Whitespace), items))[::-1]


def _table_before(document: tomlkit.TOMLDocument, replies: AoT) -> Table | None:
    items = takewhile(lambda item: item is not replies, (item for _, item in document.body))
    return next((item for item in reversed(list(items)) if isinstance(item, Table)), None)
