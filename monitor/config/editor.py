"""The JSON Schema of `alerts.yaml`, for editors, and questions about it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from monitor.config.schema import Config

if TYPE_CHECKING:
    from monitor.config.document import Keys

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_REFERENCE = {"type": "string", "pattern": r"\$\{"}


def json_schema() -> dict[str, Any]:
    """Return the schema that editors check and complete `alerts.yaml` with."""
    schema = _for_editors(_bare())
    schema |= {"title": "Wirewatch configuration", "patternProperties": {"^x-": True}}
    return {"$schema": DIALECT, **schema}


def known_keys(path: Keys, data: Any) -> tuple[str, ...]:
    """Name the keys that the mapping at a path may have; none if any key goes.

    Args:
        data: the whole configuration, to tell kinds of receivers apart.
    """
    node = _resolve(_bare(), data)
    for key in path:
        inner = node.get("properties", {}).get(key)
        inner = inner or next(iter(node.get("patternProperties", {}).values()), None)
        inner = inner or node.get("items")
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            data = None
        node = _resolve(inner if isinstance(inner, dict) else {}, data)
    return tuple(node.get("properties", ()))


@cache
def _bare() -> dict[str, Any]:
    return Config.model_json_schema(by_alias=True)


def _resolve(node: dict[str, Any], data: Any) -> dict[str, Any]:
    """Follow references and choices to the schema of a mapping or list."""
    if "discriminator" in node:
        tag = data.get("type") if isinstance(data, dict) else None
        reference = node["discriminator"]["mapping"].get(str(tag))
        return _resolve({"$ref": reference} if reference else {}, data)
    if "$ref" in node:
        return _resolve(_bare()["$defs"][node["$ref"].rpartition("/")[2]], data)
    for choice in node.get("anyOf", ()):
        found = _resolve(choice, data)
        if found.keys() & {"properties", "items", "patternProperties"}:
            return found
    return node


def _for_editors(node: Any) -> Any:
    """Leave out what pydantic adds for programs, and let values be `${NAME}`."""
    if isinstance(node, list):
        return [_for_editors(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _for_editors(item) for key, item in node.items()}
    properties = changed.get("properties", {})
    for key, item in properties.items():
        properties[key] = _property(item, may_refer=key != "type")
    return changed


def _property(item: dict[str, Any], *, may_refer: bool) -> dict[str, Any]:
    about: dict[str, Any] = {
        key: item.pop(key) for key in ("description", "default") if key in item
    }
    item.pop("title", None)
    choices = [each for each in item.get("anyOf", ()) if each != {"type": "null"}]
    if choices:
        # None is our word for a key that is left out; nobody writes it.
        about.pop("default", None)
        item = choices[0] if len(choices) == 1 else {"anyOf": choices}
    if may_refer and _is_narrow(item):
        item = {"anyOf": [item, _REFERENCE]}
    return {**about, **item}


def _is_narrow(node: dict[str, Any]) -> bool:
    return node.get("type") in ("integer", "number", "boolean") or (
        node.get("type") == "string" and "pattern" in node
    )
