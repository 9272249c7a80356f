from typing import Any

def __getattr__(name: str) -> Any: ...  # views, which only urls.py names
