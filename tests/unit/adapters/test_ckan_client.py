"""What becomes of the answers that a CKAN portal, or what stands before it, can give."""

from __future__ import annotations

import json
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.elsewhere import Elsewhere

from clearance.adapters import ckan_client
from clearance.adapters.ckan_client import CkanClient, NotOnPortalError, RefusedError
from clearance.errors import PortalError, UnknownOutcomeError

CANARY = "kestrel-4711"


@dataclass
class Stub:
    """Answers every request in the same way, and keeps what it was asked."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang: threading.Event | None = None
    asked: list[tuple[str, Message, bytes]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            stub.asked.append((self.path, self.headers, self.rfile.read(length)))
            if stub.hang is not None:
                stub.hang.wait(5)
            if stub.hang is not None or stub.status == 0:
                return
            self.send_response(stub.status)
            for name, value in stub.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(stub.body)))
            self.end_headers()
            self.wfile.write(stub.body)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        stub.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield stub
        server.shutdown()
        thread.join()


def failure(kind: str, **details: object) -> bytes:
    error = {"__type": kind, "message": f"Access denied: {CANARY}", **details}
    return json.dumps({"success": False, "error": error}).encode()


HTML = f"<html>{CANARY}</html>".encode()
SURE, UNSURE = PortalError, UnknownOutcomeError


@pytest.mark.parametrize(
    ("status", "body", "reading", "writing"),
    [
        (200, HTML, SURE, UNSURE),
        (200, b"[]", SURE, UNSURE),
        (301, HTML, SURE, SURE),
        (403, failure("Authorization Error"), SURE, SURE),
        (404, failure("Not Found Error"), NotOnPortalError, NotOnPortalError),
        (409, failure("Validation Error", name=[CANARY]), RefusedError, RefusedError),
        (409, failure("Validation Error", message=CANARY), RefusedError, RefusedError),
        (413, HTML, SURE, SURE),
        (429, HTML, SURE, SURE),
        (500, HTML, SURE, UNSURE),
        (500, failure("Search Index Error"), SURE, UNSURE),
        (502, HTML, SURE, UNSURE),
        (504, b"", SURE, UNSURE),
        (0, b"", SURE, UNSURE),
    ],
)
def test_an_answer_becomes_our_error_without_a_word_of_the_answer(
    stub: Stub, status: int, body: bytes, reading: type[PortalError], writing: type[PortalError]
) -> None:
    stub.status, stub.body = status, body
    client = CkanClient(stub.address, "token")

    calls: list[tuple[Callable[[], object], type[PortalError]]] = [
        (lambda: client.read("package_show", id="x"), reading),
        (lambda: client.write("package_create", name="x"), writing),
        (lambda: client.upload({"package_id": "x"}, name="x.csv", content=b"x"), writing),
    ]
    for call, expected in calls:
        with pytest.raises(PortalError) as caught:
            call()
        assert type(caught.value) is expected
        assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_refusal_names_the_fields_that_we_sent_and_no_others(stub: Stub) -> None:
    stub.status = 409
    stub.body = failure("Validation Error", name=["in use"], **{f"{CANARY}": ["x"]})

    with pytest.raises(RefusedError) as caught:
        CkanClient(stub.address, "token").write("package_create", name="x")

    assert caught.value.fields == {"name"}


def test_a_write_without_an_answer_in_time_has_an_unknown_outcome(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.hang = threading.Event()
    monkeypatch.setattr(ckan_client, "ACTION_TIMEOUT_SECONDS", (0.2, 0.2))
    client = CkanClient(stub.address, "token")

    with pytest.raises(UnknownOutcomeError, match="may have done it or not"):
        client.write("package_create", name="x")
    with pytest.raises(PortalError, match="did not answer"):
        client.read("package_show", id="x")
    stub.hang.set()


def test_a_portal_that_is_not_there_is_the_operators_error(stub: Stub) -> None:
    nowhere = CkanClient("http://127.0.0.1:9", "token")

    with pytest.raises(PortalError, match="did not answer status_show"):
        nowhere.read("status_show")


@pytest.mark.parametrize("stored", [False, True])
def test_an_upload_sends_the_whole_file_each_time(stub: Stub, stored: bool) -> None:
    stub.body = json.dumps({"success": True, "result": {"id": "r"}}).encode()
    content = bytes(range(256)) * 5000
    given = Elsewhere(content) if stored else content
    client = CkanClient(stub.address, "token")

    for _ in range(2):
        client.upload({"package_id": "x", "name": "ä"}, name="x.bin", content=given)

    for path, headers, body in stub.asked:
        assert path == "/api/action/resource_create"
        assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
        assert headers["Authorization"] == "token"
        assert content in body
        assert "ä".encode() in body


def test_a_file_that_became_shorter_is_not_waited_for(stub: Stub) -> None:
    class Shorter(Elsewhere):
        @property
        def size_bytes(self) -> int:
            return super().size_bytes + 1

    with pytest.raises(PortalError, match="shorter"):
        CkanClient(stub.address, "token").upload(
            {"package_id": "x"}, name="x.csv", content=Shorter(b"age\n")
        )


def test_the_token_is_said_to_nobody_but_the_portal(stub: Stub) -> None:
    stub.status, stub.headers = 302, {"Location": stub.address.replace("127.0.0.1", "localhost")}
    client = CkanClient(stub.address, "token")

    with pytest.raises(PortalError):
        list(client.download("dataset", "resource"))

    first, *others = stub.asked
    assert first[1]["Authorization"] == "token"
    assert all(headers["Authorization"] is None for _, headers, _ in others)


def test_neither_cookies_nor_netrc_say_who_we_are(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    stub.body = json.dumps({"success": True, "result": {}}).encode()
    stub.headers = {"Set-Cookie": "ckan=somebody; Path=/"}
    client = CkanClient(stub.address, "token")

    client.read("status_show")
    client.read("status_show")

    assert [headers["Authorization"] for _, headers, _ in stub.asked] == ["token", "token"]
    assert [headers["Cookie"] for _, headers, _ in stub.asked] == [None, None]


def test_a_stranger_is_nobody(stub: Stub) -> None:
    stub.status, stub.body = 404, failure("Not Found Error")

    assert CkanClient(stub.address, "bad").user() is None
