"""The content that staff edit: pages and their drafts, and the clinic's own text."""

__all__: list[str] = []
