"""What visitors reach: the chat page, the widget, the API and the pages of the clinic's documents."""

__all__: list[str] = []
