"""What visitors reach: the chat page, the widget, the API and the clinic's pages."""

__all__: list[str] = []
