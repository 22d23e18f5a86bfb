"""The console: its tabs, and nothing else."""

import gradio as gr

from chatbot.web.staff.house import House

__all__ = ["console_blocks"]


def console_blocks(house: House) -> gr.Blocks:
    """Lay out the tabs of the console over a house."""
    blocks = gr.Blocks(title=f"Staff: {house.bot.clinic.name}", analytics_enabled=False, delete_cache=(3600, 3600))
    with blocks, gr.Tabs(elem_id="tabs"):
        pass
    return blocks
