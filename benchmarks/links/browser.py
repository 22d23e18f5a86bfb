"""What Chromium marks of a page that a link opens.

No script can see what a browser marks as the target of a text directive. So the target is painted in a colour that
nothing else has, and read from a picture of the whole page.
"""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image
from playwright.sync_api import Page

__all__ = ["PAINT", "SCALE", "Word", "opened"]

PAINT: Final = "<style>::target-text{background:#f0f!important;color:#f0f!important}</style>"
"""The style to put into a page's head."""
SCALE: Final = 0.5
"""The device scale factor of the tab: a small picture is soon made."""

_WORDS: Final = """() => {
  const words = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const around = walk.currentNode.parentElement;
    if (around.closest(".sr")) continue;  // only screen readers say it
    for (const found of walk.currentNode.data.matchAll(/\\S+/g)) {
      const range = new Range();
      range.setStart(walk.currentNode, found.index);
      range.setEnd(walk.currentNode, found.index + found[0].length);
      const [box] = range.getClientRects();
      const place = box && [box.x + scrollX, box.y + scrollY, box.width, box.height];
      if (box) words.push([found[0], !!around.closest("article"), ...place]);
    }
  }
  return [words, scrollY, innerHeight];
}"""
_PAINTED: Final = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True, slots=True)
class Word:
    """A word on a page: whether an article holds it, whether it is marked, and whether it is seen without scrolling."""

    text: str
    article: bool
    marked: bool
    seen: bool


def opened(page: Page, address: str) -> list[Word]:
    """Open a link in a tab, and return the words of the page as it shows them."""
    page.goto("about:blank")  # or else the browser only scrolls
    page.goto(address)
    page.evaluate(_PAINTED)
    boxes, top, height = page.evaluate(_WORDS)
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")).astype(int)
    painted = (picture[..., 0] > 200) & (picture[..., 1] < 60) & (picture[..., 2] > 200)
    words = []
    for text, article, x, y, width, tall in boxes:
        rows = slice(int((y + tall / 3) * SCALE), int((y + tall * 2 / 3) * SCALE) + 1)
        columns = slice(int((x + 1) * SCALE), int((x + width - 1) * SCALE) + 1)
        inside = painted[rows, columns]
        marked = bool(inside.size) and float(inside.mean()) > 1 / 3
        words.append(Word(text, article, marked, top <= y <= top + height))
    return words
