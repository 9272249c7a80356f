"""The toolkit's scopes backend: which scopes exist is a matter of organizations, not of settings."""

from typing import Any

from oauth2_provider.scopes import BaseScopes

from portal.scope_words import SCOPE_WORDS


class OrganizationScopes(BaseScopes):
    """Every name is possible; the validator limits a request to what its organization holds."""

    def get_all_scopes(self) -> Any:
        return SCOPE_WORDS

    def get_available_scopes(self, application: Any = None, request: Any = None, *_: Any, **__: Any) -> Any:
        return application.metadata.get("scope", "").split()

    def get_default_scopes(self, application: Any = None, request: Any = None, *_: Any, **__: Any) -> Any:
        return self.get_available_scopes(application)
