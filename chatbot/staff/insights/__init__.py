"""What staff look at: unanswered questions, urgent messages, saved questions and checks."""

__all__: list[str] = []
