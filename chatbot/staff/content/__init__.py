"""What staff change: pages and their drafts, and the clinic's own texts."""

__all__: list[str] = []
