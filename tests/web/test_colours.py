import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.web.http.assets import Colour, contrast, palette, stylesheet

CSS = (Path(__file__).parents[2] / "chatbot/web/static/base.css").read_text("utf-8")


def parse(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def surfaces() -> tuple[list[Colour], list[Colour]]:
    light, dark = CSS.split("prefers-color-scheme: dark")
    named = r"--(?:page|surface|soft): (#\w{6})"
    return [parse(one) for one in re.findall(named, light)], [parse(one) for one in re.findall(named, dark)]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [((0, 0, 0), (255, 255, 255), 21.0), ((255, 255, 255), (255, 255, 255), 1.0), ((119, 119, 119), (255,) * 3, 4.48)],
)
def test_contrast_is_that_of_wcag(one: Colour, other: Colour, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_any_accent_can_be_read_in_both_schemes_and_written_upon(accent: str) -> None:
    shades = palette(accent)
    light, dark = surfaces()
    assert all(contrast(parse(shades.light), surface) >= 4.5 for surface in light)
    assert all(contrast(parse(shades.dark), surface) >= 4.5 for surface in dark)
    assert contrast(parse(shades.light), parse(shades.on_light)) >= 4.5
    assert contrast(parse(shades.dark), parse(shades.on_dark)) >= 4.5


def test_a_readable_accent_is_left_as_the_clinic_chose_it() -> None:
    assert palette("#0f766e").light == "#0f766e"
    assert palette("#0f766e").on_light == "#ffffff"


def test_a_pale_accent_is_darkened_on_light_and_kept_on_dark() -> None:
    shades = palette("#ffe066")
    assert shades.light != "#ffe066"
    assert (shades.dark, shades.on_dark) == ("#ffe066", "#000000")


def test_the_stylesheet_holds_both_schemes() -> None:
    assert stylesheet("#0f766e").startswith(
        ":root{--accent:#0f766e;--on-accent:#ffffff}\n@media (prefers-color-scheme:dark)"
    )


@pytest.mark.parametrize("scheme", [0, 1])
def test_every_text_colour_can_be_read_on_every_surface(scheme: int) -> None:
    part = CSS.split("prefers-color-scheme: dark")[scheme]
    inks = [parse(one) for one in re.findall(r"--(?:ink|quiet|alarm): (#\w{6})", part)]
    assert len(inks) == 3
    assert all(contrast(ink, surface) >= 4.5 for ink in inks for surface in surfaces()[scheme])
    (mark,), (ink,) = (re.findall(rf"--{name}: (#\w{{6}})", part) for name in ("mark", "mark-ink"))
    assert contrast(parse(mark), parse(ink)) >= 4.5
