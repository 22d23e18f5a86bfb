"""Charts as SVG."""

import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbot.evaluation.charts import WIDE, bars, columns, lines

DAYS = [f"{day} Nov" for day in range(1, 31)]


def test_a_chart_is_small_and_its_text_stays_text() -> None:
    stacks = {"answered": [3.0] * 30, "not found": [1.0] * 30}
    drawings = [
        columns(DAYS, stacks, width=WIDE),
        bars(["Benefits & <risks>", "x" * 80], [12, 3]),
        lines(DAYS, {"right": [None, *[80.0] * 29]}, "%"),
    ]
    for drawing in drawings:
        assert len(drawing) < 60_000
        root = ET.fromstring(drawing)  # noqa: S314 - our own drawing
        assert root.iter("{http://www.w3.org/2000/svg}text")
        assert "prefers-color-scheme:dark" in drawing
        assert "http://" not in drawing.replace("http://www.w3.org/", "").replace("http://purl.org/", "").replace(
            "http://creativecommons.org/", ""
        )
    assert "Benefits &amp; &lt;risks&gt;" in drawings[1]
    assert "answered" in drawings[0]


def test_the_alarming_part_is_striped_on_either_screen() -> None:
    drawing = columns(DAYS, {"answered": [3.0] * 30, "urgent": [1.0] * 30}, alarm="urgent")
    assert '<rect x="0" y="0" width="73" height="73" fill="#c4122f"/>' in drawing
    assert '[fill="#c4122f"]{fill:#ff7b84!important}' in drawing
    assert "pattern" not in columns(DAYS, {"answered": [3.0] * 30, "urgent": [1.0] * 30})


def test_a_chart_without_data_is_drawn() -> None:
    for drawing in (columns([], {}), bars([], []), lines([], {}, "%")):
        assert drawing.startswith("<?xml")


def test_charts_drawn_at_the_same_time_are_equal() -> None:
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: columns(DAYS, {"questions": [1.0] * 30}), range(8)))
    assert len(set(drawn)) == 1


@pytest.mark.parametrize("title", ["From $99 #1 choice $199", r"$\frac{", "50 % of $x^2_$", "_private", "$$"])
def test_any_title_is_drawn_as_it_is_written(title: str) -> None:
    drawings = [bars([title], [3]), columns([title], {"a": [2.0]}), lines([title], {"a": [2.0]}, title)]
    assert [_texts(drawing).count(title) for drawing in drawings] == [1, 1, 2]


def test_a_title_with_control_characters_leaves_the_drawing_whole() -> None:
    assert "A B" in _texts(bars(["A\x00 \x1bB\ufffe\ud800"], [3]))


def _texts(drawing: str) -> list[str | None]:
    root = ET.fromstring(drawing)  # noqa: S314 - our own drawing
    return [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
