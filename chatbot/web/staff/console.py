"""The console: its tabs, and nothing else."""

import gradio as gr

from chatbot.web.staff.house import House
from chatbot.web.staff.pages import pages
from chatbot.web.staff.words import words_and_routes

__all__ = ["console_blocks"]


def console_blocks(house: House) -> gr.Blocks:
    """Lay out the tabs of the console over a house."""
    blocks = gr.Blocks(title=f"Staff: {house.bot.clinic.name}", analytics_enabled=False, delete_cache=(3600, 3600))
    with blocks, gr.Tabs(elem_id="tabs"):
        with gr.Tab("Pages", id="pages") as tab:
            pages(house, tab)
        with gr.Tab("Words and routes", id="words") as tab:
            words_and_routes(house, tab)
    return blocks
