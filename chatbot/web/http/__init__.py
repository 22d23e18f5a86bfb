"""What all pages share: origins, limits, headers, errors, the allow-list before Gradio, and assets."""

__all__: list[str] = []
