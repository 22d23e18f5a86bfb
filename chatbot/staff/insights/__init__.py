"""Unanswered questions, urgent messages, saved questions, checks, and the sign-off of the lists."""

__all__: list[str] = []
