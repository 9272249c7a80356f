from typing import Any

from django.http import HttpRequest

def get_authentication_records(request: HttpRequest, user: Any) -> list[dict[str, Any]]: ...
