"""The console: its tabs, and nothing else."""

import gradio as gr

from chatbot.web.staff.checks import checks
from chatbot.web.staff.house import House
from chatbot.web.staff.in_vain import questions_in_vain_tab
from chatbot.web.staff.overview import overview
from chatbot.web.staff.pages import pages
from chatbot.web.staff.telling import on
from chatbot.web.staff.try_it import try_it
from chatbot.web.staff.urgent import urgent_tab
from chatbot.web.staff.words import words_and_routes

__all__ = ["console_blocks"]


def console_blocks(house: House) -> gr.Blocks:
    """Lay out the tabs of the console over a house."""
    blocks = gr.Blocks(title=f"Staff: {house.bot.clinic.name}", analytics_enabled=False, delete_cache=(3600, 3600))
    with blocks, gr.Tabs(elem_id="tabs") as tabs:
        with gr.Tab("Try it", id="try"):
            try_it(house)
        with gr.Tab("Questions in vain", id="in-vain") as tab:
            write, chosen = questions_in_vain_tab(house, tab)
        with gr.Tab("Urgent", id="urgent") as tab:
            urgent_tab(house, tab)
        with gr.Tab("Check", id="check") as tab:
            checks(house, tab)
        with gr.Tab("Pages", id="pages") as tab:
            form = pages(house, tab)
        with gr.Tab("Words and routes", id="words") as tab:
            words_and_routes(house, tab)
        with gr.Tab("Overview", id="overview") as tab:
            overview(house, tab)
        on(write.click, form.new, [chosen, *form.fields], form.parts)
        write.click(lambda: gr.Tabs(selected="pages"), [], [tabs], show_progress="hidden", api_visibility="private")
    return blocks
