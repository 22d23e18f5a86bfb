"""What the clinic's staff do: sign in, keep pages and words right, and have every change recorded."""

from chatbot.staff.accounts import Account, Role

__all__ = ["Account", "Role"]
