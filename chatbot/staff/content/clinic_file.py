"""Edits of clinic.toml as text, which keep its comments and its layout."""

from collections.abc import Mapping, Sequence
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


def with_values(text: str, values: Mapping[str, str]) -> str:
    """Set values by their keys, such as `name` or `urgent.crisis.phone`.

    An empty one below a table is taken out, or left as an empty text where a comment stands beside it.
    """
    document = _parsed(text)
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        holder = _table(document, table) if table else document
        if value or not table or _has_comment(holder, key):
            _set(holder, key, value)
        elif key in holder:
            del holder[key]
    return tomlkit.dumps(document)


def with_reply(text: str, route: Reply, name: str | None) -> str:
    """Set the route that had a name, or add one where the name is None."""
    document = _parsed(text)
    table = tomlkit.table() if name is None else _found(_routes(document), name)
    _set(table, "name", route.name)
    _set(table, "reply", route.reply)
    if route.link:
        _set(table, "link", route.link)
    elif "link" in table:
        del table["link"]
    _set_examples(table, route.examples)
    if name is None:
        _routes(document).append(table)
    return tomlkit.dumps(document)


def without_reply(text: str, name: str) -> str:
    """Take out the route that has a name; comments above the next one stay."""
    document = _parsed(text)
    routes = _routes(document)
    table = _found(routes, name)
    place = list(routes).index(table)
    before = routes[place - 1] if place else _last_before(document, routes)
    if before is not None:
        for item in _trailing(table):
            before.value.body.append((None, item))
    del routes[place]
    if not len(routes):
        del document[_replies_key(document)]
    return tomlkit.dumps(document)


def _parsed(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise ChangeRefused(
            f"clinic.toml cannot be read: {error}. Whoever looks after the server must mend it."
        ) from error


def _table(document: tomlkit.TOMLDocument, name: str) -> _Holder:
    """Return a table by its name, such as `urgent.crisis`; it is added where it is missing."""
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


def _routes(document: tomlkit.TOMLDocument) -> AoT:
    key = _replies_key(document)
    if key not in document:
        document.add(key, tomlkit.aot())
    routes = document[key]
    if not isinstance(routes, AoT):
        raise ChangeRefused(f"clinic.toml: {key} must be tables, each written as [[{key}]] above its lines.")
    return routes


def _replies_key(document: tomlkit.TOMLDocument) -> str:
    return _OLD_REPLIES if _OLD_REPLIES in document else _REPLIES


def _found(routes: AoT, name: str) -> Table:
    for table in routes:
        if isinstance(table, Table) and str(table.get("name", "")).strip() == name:
            return table
    raise ChangeRefused(f"There is no reply called {name!r} any more: load the list again.")


def _set(table: _Holder, key: str, value: str) -> None:
    """Set a text, unless it says so already; what is written over several lines stays so."""
    if key not in table or str(table[key]).strip() != value:
        table[key] = tomlkit.string(value, multiline="\n" in value)


def _set_examples(table: Table, examples: Sequence[str]) -> None:
    """Set the ways to ask: those that stay keep their lines and comments."""
    array = table.get("examples")
    if isinstance(array, Array):
        if [str(one).strip() for one in array] == list(examples):
            return
        for place in reversed(range(len(array))):
            if str(array[place]).strip() not in examples:
                del array[place]
        for example in examples:
            if example not in [str(one).strip() for one in array]:
                array.append(example)
        if [str(one).strip() for one in array] == list(examples):
            return
    fresh = tomlkit.array().multiline(multiline=True)
    fresh.extend(examples)
    table["examples"] = fresh


def _trailing(table: Table) -> list[Item]:
    """Give the comments that follow a table's last key: they speak of what stands below."""
    found: list[Item] = []
    for _, item in reversed(table.value.body):
        if not isinstance(item, Comment | Whitespace):
            break
        found.insert(0, item)
    return found


def _last_before(document: tomlkit.TOMLDocument, routes: AoT) -> Table | None:
    before = None
    for _, item in document.body:
        if item is routes:
            break
        before = item if isinstance(item, Table) else before
    return before
