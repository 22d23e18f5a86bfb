"""Who may use the console: accounts, sessions, passwords, and the limit on wrong ones."""

__all__: list[str] = []
