from hypothesis import example, given
from hypothesis import strategies as st

from chatbot.reading.front_matter import read_front_matter

KEYS = st.sampled_from(["title", "url", "reviewed", "layout", "menu", "draft", "tags"])
VALUES = st.one_of(
    st.text(max_size=20), st.sampled_from(["a: b", "# x", "- y", "'", '"', "true", "[1]", "{", "2026-01-31"])
)
FRONT = st.sampled_from(
    [
        "",
        "---\ntitle: A\nlayout: page # ours\nmenu:\n  main:\n    weight: 3\n---\n",
        "---\r\ntitle: 'A'\r\ntags:\r\n- b\r\n# a comment\r\ndraft: true\r\n---\r\n",
        "---\ntitle: >\n  A long\n  title\nurl: |\n  x\n---\n",
        "+++\ntitle = 'A'\ntags = ['b']\n[menu]\nmain = 1\n+++\n",
        '{\n  "title": "A",\n  "menu": {"main": 1}\n}\n',
        '---json\n{"title": "A", "tags": ["b"]}\n---\n',
    ]
)


@example("---\n# a comment\ntitle: A\n---\n", {"title": ""})
@given(FRONT, st.dictionaries(KEYS, VALUES, max_size=3))
def test_a_change_is_read_back_and_nothing_else_changes(head: str, changes: dict[str, str]) -> None:
    page = read_front_matter(f"{head}\nWords.\n")
    try:
        written = page.replaced(changes, "Other words.")
    except ValueError:  # a value that the format cannot hold, such as a lone surrogate
        return
    again = read_front_matter(written)
    kept = {key: value for key, value in page.fields.items() if key not in changes}
    assert again.fields == kept | {key: value for key, value in changes.items() if value}
    assert again.body.strip() == "Other words."


@given(st.text(alphabet="-+{}:=# \n\r\tab[]'\"", max_size=60))
def test_any_beginning_of_a_page_is_read(text: str) -> None:
    front = read_front_matter(text + "\n\nWords of the page.")
    assert "Words of the page." in front.body
