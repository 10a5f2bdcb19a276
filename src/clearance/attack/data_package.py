"""The Table Schema and the DCAT record: no domain, extent or sum from before protection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clearance.attack.coded import number
from clearance.attack.public_text import written_by_people
from clearance.attack.reading import UnreadableFileError, read_json
from clearance.attack.result import blocked
from clearance.content import Content, sha256, size_bytes
from clearance.findings import Finding
from clearance.hierarchy import MISSING
from clearance.plan import Plan

FILE = "datapackage.json"
EXTENT = re.compile(r"(temporal|spatial|startdate|enddate|bbox|extent|coverage)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class PublishedColumns:
    """A data file: each column's values with their records, in the file's order of columns.

    ``code_lists``: the public code lists of its columns, each a whole list.
    """

    values: Mapping[str, Mapping[str, int]]
    code_lists: Mapping[str, tuple[frozenset[str], ...]]


def stated_types(content: bytes | None) -> dict[str, dict[str, str]]:
    """Path to column to the type that the Table Schema states; nothing where it is unreadable."""
    try:
        return {
            str(resource["path"]): {
                str(field["name"]): str(field.get("type", "string"))
                for field in resource["schema"]["fields"]
            }
            for resource in read_json(content or b"")["resources"]
        }
    except (UnreadableFileError, KeyError, TypeError, AttributeError):
        return {}


def check_data_package(
    content: bytes, files: Mapping[str, Content], data: Mapping[str, PublishedColumns]
) -> Iterator[Finding]:
    """That each resource is a file of the release, and its schema follows from its rows."""
    try:
        document = read_json(content)
        resources = {str(each["path"]): each for each in document["resources"]}
    except (UnreadableFileError, KeyError, TypeError):
        yield blocked("unreadable-file", FILE, 1, "is no Data Package; write the file anew")
        return
    if set(resources) - set(files) or set(data) - set(resources):
        yield blocked(
            "schema-does-not-fit",
            FILE,
            1,
            "its resources are not the data files of the release; derive it from them",
        )
    for path, resource in resources.items():
        if path in files and path in data:
            yield from _check_resource(path, resource, files[path], data[path])


def _check_resource(
    path: str, resource: Mapping[str, Any], content: Content, columns: PublishedColumns
) -> Iterator[Finding]:
    size, digest = size_bytes(content), f"sha256:{sha256(content)}"
    if resource.get("bytes", size) != size or resource.get("hash", digest) != digest:
        yield blocked(
            "schema-does-not-fit", f"{FILE}: {path}", 1, "states another size or sum; pack anew"
        )
    fields = stated_fields(resource)
    if [field.get("name") for field in fields] != list(columns.values):
        yield blocked(
            "schema-does-not-fit",
            f"{FILE}: {path}",
            1,
            "its fields are not the columns of the file, in their order; derive them from it",
        )
        return
    for field in fields:
        wrong = sorted(_wrong_constraints(field, columns))
        if wrong:
            yield blocked(
                "domain-not-from-published-values",
                f"{FILE}: {path}: {field['name']}",
                len(wrong),
                f"{', '.join(wrong)} does not follow from the published column; derive it from "
                f"the published values or a whole public code list",
            )


def stated_fields(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of a resource's Table Schema; none where it has none."""
    schema = resource.get("schema")
    fields = schema.get("fields") if isinstance(schema, dict) else None
    return [field for field in fields or [] if isinstance(field, dict)]


def _wrong_constraints(field: Mapping[str, Any], columns: PublishedColumns) -> Iterator[str]:
    name = str(field["name"])
    column = columns.values[name]
    lists = columns.code_lists.get(name, ())
    constraints = dict(field.get("constraints") or {})
    for listing in ("categories", "enum"):
        holder = field if listing == "categories" else constraints
        if listing in holder and not _is_domain(holder[listing], column, lists):
            yield listing
    for key, value in constraints.items():
        if key != "enum" and not _follows(key, value, column):
            yield key


def _is_domain(listed: Any, column: Mapping[str, int], lists: tuple[frozenset[str], ...]) -> bool:
    if not isinstance(listed, list):
        return False
    values = {str(each["value"] if isinstance(each, dict) else each) for each in listed}
    published = frozenset(column) - {MISSING}
    return values - {MISSING} in (published, *(each - {MISSING} for each in lists))


def _follows(key: str, value: Any, column: Mapping[str, int]) -> bool:
    present = [each for each in column if each != MISSING]
    match key:
        case "required":
            return value is False or MISSING not in column
        case "unique":
            return value is False or all(records == 1 for records in column.values())
        case "minimum" | "maximum":
            return bool(present) and _extreme(key, present) == str(value)
        case "minLength":
            return bool(present) and min(map(len, present)) == value
        case "maxLength":
            return bool(present) and max(map(len, present)) == value
        case _:
            return False


def _extreme(key: str, present: list[str]) -> str:
    """The extreme published value as JSON would show it, as a number if all are."""
    choose = min if key == "minimum" else max
    numbers = {each: found for each in present if (found := number(each)) is not None}
    if len(numbers) == len(set(present)):
        return choose(numbers, key=lambda each: numbers[each])
    return choose(present)


# ---------------------------------------------------------------- extents


def check_extents(
    metadata: Mapping[str, bytes], plan: Plan, shown: frozenset[str]
) -> Iterator[Finding]:
    """That no temporal or spatial extent tells more than plan and published values do."""
    public = {*written_by_people(plan), *shown}
    for path in (each for each in metadata if each.endswith((".json", ".jsonld"))):
        try:
            stated = set(_extents(read_json(metadata[path]), within=False))
        except UnreadableFileError:
            continue  # reported where its content is checked
        strange = stated - public
        if strange:
            yield blocked(
                "extent-not-from-published-values",
                path,
                len(strange),
                f"{len(strange)} values of an extent come neither from the plan nor from the "
                f"published values; leave them out",
            )


def _extents(document: Any, *, within: bool) -> Iterator[str]:
    """The scalar values below keys that name an extent."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key not in ("@type", "@id", "@context"):
                yield from _extents(value, within=within or EXTENT.search(key) is not None)
    elif isinstance(document, list):
        for value in document:
            yield from _extents(value, within=within)
    elif within:
        yield str(document)
