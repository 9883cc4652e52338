#!/usr/bin/env python3
"""Writes an OpenAPI 3.1 document as 3.0, which is what progenitor reads:  older.py DOCUMENT OUT

Two more things are for progenitor: it knows the body of an error only as `application/json`, and
calls a function of reqwest for OPTIONS and TRACE, which reqwest does not have.
"""

import json
import sys

METHODS = ("get", "put", "post", "delete", "patch", "head")


def older(value):
    if isinstance(value, list):
        return [older(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {name: older(member) for name, member in value.items()}
    if "$ref" in value:
        return {"$ref": value["$ref"]}
    if "application/problem+json" in value:
        value["application/json"] = value.pop("application/problem+json")
    if isinstance(value.get("type"), list):
        value["nullable"] = True
        value["type"] = next(kind for kind in value["type"] if kind != "null")
    if {"type": "null"} in value.get("oneOf", []):
        value["nullable"] = True
        value["allOf"] = [item for item in value.pop("oneOf") if item != {"type": "null"}]
    if isinstance(value.get("examples"), list):
        value["example"] = value.pop("examples")[0]
    return value


def main(source, target):
    with open(source, encoding="utf-8") as file:
        document = older(json.load(file))
    document["openapi"] = "3.0.3"
    for path, item in document["paths"].items():
        document["paths"][path] = {name: one for name, one in item.items() if name in METHODS}
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
