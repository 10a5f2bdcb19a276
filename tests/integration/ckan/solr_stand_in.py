"""As much of Solr as CKAN 2.12 asks for: one core, in memory, gone when it ends.

    python solr_stand_in.py --port PORT --schema CKAN/config/solr/schema.xml

Understood: ``/schema`` and ``/admin/file``, ``/admin/ping``, ``/update`` (JSON and XML) and
``/select`` with ``q``, ``fq``, ``fl``, ``sort``, ``start``, ``rows`` and field facets. Queries are
the part of the Lucene syntax that CKAN writes: fields, terms with ``*``, phrases, ranges,
groups, ``AND``, ``OR``, ``NOT``, ``+`` and ``-``. Text matches by whole lower-cased words; nothing
is ranked.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import re
import threading
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Document = dict[str, Any]
Test = Callable[[Document], bool]
Parameters = dict[str, list[str]]

TEXT_FIELDS = {"text", "title", "notes", "title_ngram", "name_ngram", "res_name", "res_description"}
MULTIPLE = {"tags", "groups", "permission_labels"}
UNSTORED = {"permission_labels", "text", "urls"}

# ---------------------------------------------------------------- queries

TOKEN = re.compile(
    r"""\s*(?: (?P<group>\() | (?P<end>\)) | (?P<word>AND|OR|NOT|&&|\|\||!)(?=[\s(])
    | (?P<sign>[+-])(?=\S) | (?P<all>\*:\*) | (?P<range>[\[{].*?\sTO\s.*?[\]}])
    | "(?P<phrase>(?:\\.|[^"\\])*)" | (?P<field>(?:\\.|[\w.-])+):(?=\S) | (?P<boost>[\^~][\d.]*)
    | (?P<term>(?:\\.|[^\s()":^~])+) )""",
    re.VERBOSE,
)


class QueryError(Exception):
    """The query is not in the part of the language that is understood."""


def tokens(query: str) -> Iterator[tuple[str, str]]:
    position, query = 0, query.strip()
    while position < len(query):
        found = TOKEN.match(query, position)
        if found is None or found.lastgroup is None:
            raise QueryError(f"cannot parse at {position}")
        position = found.end()
        if found.lastgroup != "boost":
            yield found.lastgroup, found[found.lastgroup]


def parse(query: str) -> Test:
    """Whether a document matches. Clauses without an operator between them must all hold."""
    left = list(tokens(query))
    test = _clauses(left, "text")
    if left:
        raise QueryError("unbalanced )")
    return test


def _clauses(left: list[tuple[str, str]], field: str) -> Test:
    """Alternatives (``OR``) of clauses that must hold together."""
    alternatives: list[list[Test]] = [[]]
    while left and left[0][0] != "end":
        kind, text = left.pop(0)
        if kind == "word" and text in {"OR", "||"}:
            alternatives.append([])
        elif (kind, text) == ("sign", "-") or (kind == "word" and text in {"NOT", "!"}):
            alternatives[-1].append(_negated(_clause(left, field)))
        elif kind not in {"word", "sign"}:
            left.insert(0, (kind, text))
            alternatives[-1].append(_clause(left, field))
    return lambda document: any(all(test(document) for test in each) for each in alternatives)


def _clause(left: list[tuple[str, str]], field: str) -> Test:
    if not left:
        raise QueryError("an operator without operand")
    kind, text = left.pop(0)
    if kind == "field":
        return _clause(left, re.sub(r"\\(.)", r"\1", text))
    if kind == "group":
        test = _clauses(left, field)
        if not left or left.pop(0)[0] != "end":
            raise QueryError("unbalanced (")
        return test
    if kind == "all":
        return lambda document: True
    if kind == "range":
        return _range(field, text)
    return _equal(field, text, wildcards=kind == "term")


def _negated(test: Test) -> Test:
    return lambda document: not test(document)


def _equal(field: str, text: str, *, wildcards: bool) -> Test:
    wanted = re.sub(r"\\(.)", r"\1", text)
    if field in TEXT_FIELDS:
        phrase = " ".join(_words(wanted))
        return lambda document: any(
            f" {phrase} " in f" {' '.join(_words(value))} " for value in _values(document, field)
        )
    if wildcards and "*" in wanted:
        return lambda document: any(
            fnmatch.fnmatchcase(value, wanted) for value in _values(document, field)
        )
    return lambda document: wanted in _values(document, field)


def _range(field: str, text: str) -> Test:
    low, high = re.split(r"\s+TO\s+", text[1:-1].strip())

    def inside(value: str) -> bool:
        above = low == "*" or value > low or (value == low and text[0] == "[")
        below = high == "*" or value < high or (value == high and text[-1] == "]")
        return above and below

    return lambda document: any(inside(value) for value in _values(document, field))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _values(document: Document, field: str) -> list[str]:
    if field == "text":
        return [text for name in document if name != "text" for text in _values(document, name)]
    value = document.get(field.removesuffix("_ngram"))
    if value is None:
        return []
    given = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in given]


# ---------------------------------------------------------------- the core


class Core:
    """All documents by their ``index_id``."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._lock = threading.Lock()

    def select(self, parameters: Parameters) -> dict[str, Any]:
        tests = [parse(query) for query in parameters.get("fq", []) if query.strip()]
        query = _one(parameters, "q", "*:*")
        if _one(parameters, "defType", "") == "dismax":
            query = " ".join(_words(query))
        tests.append(parse(query))
        with self._lock:
            found = [each for each in self._documents.values() if all(test(each) for test in tests)]
        found = _sorted(found, _one(parameters, "sort", ""))
        start, rows = (
            int(_one(parameters, "start", "0")),
            int(_one(parameters, "rows", "10")),
        )
        shown = [_shown(each, _one(parameters, "fl", "*")) for each in found[start : start + rows]]
        return {
            "responseHeader": {"status": 0, "QTime": 0},
            "response": {"numFound": len(found), "start": start, "docs": shown},
            "facet_counts": {"facet_fields": _facets(found, parameters)},
        }

    def update(self, body: bytes, *, is_json: bool) -> None:
        with self._lock:
            if is_json:
                given = json.loads(body)
                for document in given if isinstance(given, list) else [given]:
                    self._put(document)
                return
            root = ET.fromstring(body)  # noqa: S314 - CKAN on this machine wrote it
            for document in root.iter("doc"):
                self._put(_from_xml(document))
            if root.tag == "delete":
                self._delete(root)

    def _put(self, document: Document) -> None:
        known = {name: value for name, value in document.items() if value is not None}
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        self._documents[known["index_id"]] = {**known, "indexed_ts": now}

    def _delete(self, root: ET.Element) -> None:
        for element in root:
            test = parse(element.text or "") if element.tag == "query" else None
            for key in list(self._documents):
                if test(self._documents[key]) if test else key == element.text:
                    del self._documents[key]


def _one(parameters: Parameters, name: str, default: str) -> str:
    return (parameters.get(name) or [default])[0] or default


def _from_xml(element: ET.Element) -> Document:
    document: Document = {}
    for field in element.findall("field"):
        name, value = field.attrib["name"], field.text or ""
        if name in MULTIPLE or name.startswith(("res_", "vocab_")):
            document.setdefault(name, []).append(value)
        else:
            document[name] = value
    return document


def _sorted(documents: list[Document], order: str) -> list[Document]:
    for part in reversed([part.split() for part in order.split(",") if part.strip()]):
        name, direction = part
        if name != "score":
            documents = sorted(
                documents,
                key=lambda document: (_values(document, name) or [""])[0],
                reverse=direction == "desc",
            )
    return documents


def _shown(document: Document, fields: str) -> Document:
    wanted = re.split(r"[\s,]+", fields)
    return {
        name: value
        for name, value in document.items()
        if name not in UNSTORED and ("*" in wanted or name in wanted)
    }


def _facets(documents: list[Document], parameters: Parameters) -> dict[str, list[str | int]]:
    facets: dict[str, list[str | int]] = {}
    for name in parameters.get("facet.field", []):
        counts = Counter(value for document in documents for value in _values(document, name))
        facets[name] = [part for pair in sorted(counts.items()) for part in pair]
    return facets


# ---------------------------------------------------------------- the server


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    core = Core()
    schema = b""

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _answer(self, body: bytes) -> None:
        kind = self.headers.get("Content-Type", "")
        address = urlsplit(self.path)
        parameters = parse_qs(address.query, keep_blank_values=True)
        if kind.startswith("application/x-www-form-urlencoded"):
            parameters |= parse_qs(body.decode(), keep_blank_values=True)
        verb = address.path.rstrip("/").rpartition("/")[2]
        try:
            if verb in {"schema", "file"}:
                self._send(200, self.schema, "application/xml")
            elif verb == "select":
                self._send_json(200, self.core.select(parameters))
            elif verb in {"update", "ping"}:
                if verb == "update" and body.strip():
                    self.core.update(body, is_json="json" in kind)
                self._send_json(200, {"responseHeader": {"status": 0}, "status": "OK"})
            else:
                self._send_json(404, {"error": {"msg": "not found", "code": 404}})
        except (QueryError, KeyError, ValueError) as error:
            self._send_json(400, {"error": {"msg": repr(error), "code": 400}})

    def _send_json(self, status: int, value: object) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--schema", type=Path, required=True)
    given = arguments.parse_args()
    Handler.schema = given.schema.read_bytes()
    server = ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
