"""The clinic's accent colour, and the shades of it that can be read on light and on dark surfaces."""

from dataclasses import dataclass
from typing import Final

__all__ = ["Colour", "Palette", "contrast", "palette", "stylesheet"]

Colour = tuple[int, int, int]

READABLE: Final = 4.5  # WCAG 2.1 AA, for text of any size
_BLACK: Final[Colour] = (0, 0, 0)
_WHITE: Final[Colour] = (255, 255, 255)
# The surfaces of static/base.css that the accent stands on: the darkest of the light ones, the lightest of the dark.
_LIGHT_SURFACE: Final[Colour] = (0xF1, 0xEE, 0xE8)
_DARK_SURFACE: Final[Colour] = (0x2A, 0x2E, 0x31)
_STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Palette:
    """An accent in two schemes, each as #rrggbb with the colour of text upon it."""

    light: str
    on_light: str
    dark: str
    on_dark: str


def contrast(one: Colour, other: Colour) -> float:
    """Give the WCAG contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def palette(accent: str) -> Palette:
    """Shade an accent (#rrggbb) until it can be read as text on either scheme's surfaces."""
    colour = _parse(accent)
    light = _shade(colour, _BLACK, _LIGHT_SURFACE)
    dark = _shade(colour, _WHITE, _DARK_SURFACE)
    return Palette(_hex(light), _hex(_text_on(light)), _hex(dark), _hex(_text_on(dark)))


def stylesheet(accent: str) -> str:
    """Give the accent's colours as custom properties."""
    shades = palette(accent)
    return (
        f":root{{--accent:{shades.light};--on-accent:{shades.on_light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{shades.dark};--on-accent:{shades.on_dark}}}}}\n"
    )


def _shade(colour: Colour, towards: Colour, surface: Colour) -> Colour:
    """Move a colour towards black or white, in small steps, until it can be read on a surface."""
    for step in range(_STEPS):
        red, green, blue = (round(own + (end - own) * step / _STEPS) for own, end in zip(colour, towards, strict=True))
        if contrast((red, green, blue), surface) >= READABLE:
            return red, green, blue
    return towards


def _text_on(colour: Colour) -> Colour:
    return max(_WHITE, _BLACK, key=lambda text: contrast(text, colour))


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _parse(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
