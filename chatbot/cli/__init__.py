"""The command line: one module a group of commands."""

__all__: list[str] = []
