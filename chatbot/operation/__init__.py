"""Operation: what an engineer looks at and does on the server, such as the doctor, backups and restoring."""

__all__: list[str] = []
