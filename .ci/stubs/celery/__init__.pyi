from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R_co = TypeVar("_R_co", covariant=True)

class Task:
    name: str
    request: Any

class Celery:
    def __init__(self, main: str | None = None, task_cls: type[Task] | None = None) -> None: ...
    def config_from_object(
        self, obj: object, silent: bool = False, force: bool = False, namespace: str | None = None
    ) -> object: ...
    def autodiscover_tasks(self) -> None: ...

class _Task(Generic[_P, _R_co]):
    name: str
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
    def delay(self, *args: _P.args, **kwargs: _P.kwargs) -> Any: ...

def shared_task(function: Callable[_P, _R_co], /) -> _Task[_P, _R_co]: ...
