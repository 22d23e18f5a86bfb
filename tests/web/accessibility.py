"""What axe-core finds on a page that has come to rest."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AT_REST = """() => Promise.allSettled(
    document.getAnimations()
        .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
        .map((one) => one.finished))"""


def violations(page: Page) -> list[str]:
    """Return each rule that is broken, with the element that breaks it.

    Colours that change are waited for; Gradio's own messages, which are gone soon, are left out.
    """
    page.evaluate(AT_REST)
    rules = Axe().run(page, {"exclude": [[".toast-wrap"]]}).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in rules for node in rule["nodes"]]
