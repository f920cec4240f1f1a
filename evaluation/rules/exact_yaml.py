"""Reads YAML without losing anything: decimals stay exact, keys may not repeat, and every value knows its line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import yaml

from evaluation.rules.explain import EXACT

Path = tuple[object, ...]


class UnreadableError(ValueError):
    """The text is not the YAML we accept; carries the line (from 1)."""

    def __init__(self, says: str, line: int) -> None:
        super().__init__(says)
        self.says = says
        self.line = line


@dataclass(frozen=True)
class Document:
    """Plain data with the line of each place in it."""

    data: Any
    lines: dict[Path, int]

    def line(self, *path: object) -> int:
        """Line of the place, or of the nearest place around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str) -> Document:
    """The first document of a YAML text; numbers become int or Fraction, ISO days become dates."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise UnreadableError(str(error.problem), mark.line + 1 if mark else 1) from error
    except yaml.YAMLError as error:
        raise UnreadableError(str(error).splitlines()[0], 1) from error
    lines: dict[Path, int] = {}
    return Document(None if node is None else _value(node, (), lines, ()), lines)


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], above: tuple[yaml.Node, ...]) -> Any:
    lines[path] = node.start_mark.line + 1
    if any(node is outer for outer in above):
        raise UnreadableError("a value contains itself", lines[path])
    above = (*above, node)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, above)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, at), lines, above) for at, item in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(node)


def _mapping(
    node: yaml.MappingNode, path: Path, lines: dict[Path, int], above: tuple[yaml.Node, ...]
) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise UnreadableError("a key must be one word, number or day", line)
        key = _scalar(key_node)
        if key in result:
            raise UnreadableError(f"{key_node.value!r} is written twice", line)
        result[key] = _value(value_node, (*path, key), lines, above)
        lines[(*path, key)] = line
    return result


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style is not None:
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if node.tag == "tag:yaml.org,2002:timestamp" and len(text) == 10:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text  # whoever reads it knows its name and says that it is not a day
    if EXACT.fullmatch(text) and "/" not in text:
        return Fraction(text) if "." in text else int(text)
    return text
