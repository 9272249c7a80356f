from typing import Any

class PersistentScheduler:
    def tick(self, *args: Any, **kwargs: Any) -> float: ...
