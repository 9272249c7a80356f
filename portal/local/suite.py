"""`manage.py test`: pytest in this environment. The engines are tests/conftest.py's business, however it is started."""

import os
import sys
from collections.abc import Sequence

from portal.local.bootstrap import ROOT


def main(arguments: Sequence[str]) -> int:
    """Become pytest, so that its exit code is ours."""
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])
