"""What every request passes: origins, limits, headers, errors, and the files that pages load."""

__all__: list[str] = []
