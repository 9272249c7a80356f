from typing import Any

class BaseScopes:
    def get_all_scopes(self) -> Any: ...
    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> Any: ...
    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> Any: ...
