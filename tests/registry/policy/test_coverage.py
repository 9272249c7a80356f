"""Every rule has a test class named after it: `U1.encoded_slash` → `TestU1EncodedSlash`."""

import ast
from pathlib import Path

import pytest

from registry.policy.engine import RULES
from registry.policy.rule import Rule

HERE = Path(__file__).parent
CLASSES = {
    node.name
    for path in HERE.glob("test_*.py")
    for node in ast.parse(path.read_text()).body
    if isinstance(node, ast.ClassDef)
}


def class_of(each: Rule) -> str:
    return "Test" + "".join(part.capitalize() for part in each.id.replace(".", "_").split("_"))


@pytest.mark.parametrize("each", RULES, ids=lambda each: each.id)
class TestEveryRule:
    def test_has_a_class_of_its_name(self, each: Rule) -> None:
        assert class_of(each) in CLASSES
