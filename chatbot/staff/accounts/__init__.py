"""Who may use the console: accounts, sessions, passwords, and the waits after failed sign-ins."""

__all__: list[str] = []
