"""What the folder portal's server gives, and what it does not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.sample_release import sample_files

from clearance.adapters.folder_portal import FolderPortal
from clearance.adapters.folder_server import serving
from clearance.candidate import ReleaseId

PUBLIC = ReleaseId("household-survey", "2026", 1)
STAGED = ReleaseId("household-survey", "2026", 2)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("portal")
    portal = FolderPortal(root)
    portal.stage(PUBLIC, sample_files(PUBLIC))
    portal.flip(PUBLIC)
    portal.stage(STAGED, sample_files(STAGED))
    (portal.site / "way-out").symlink_to(root / "staging")
    return root


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    with serving(root / "site") as address:
        yield address


def get(address: str) -> requests.Response:
    return requests.get(address, timeout=5)


def raw_status(address: str, path: str) -> str:
    """The status of a request whose path no client library has tidied up."""
    port = int(address.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return connection.makefile().readline().split()[1]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("household-survey/", "text/html; charset=utf-8"),
        ("household-survey/2026/1/", "text/html; charset=utf-8"),
        ("household-survey/2026/1/data/persons.csv", "text/csv; charset=utf-8"),
        ("household-survey/2026/1/datapackage.json", "application/json"),
        ("household-survey/2026/1/dcat.jsonld", "application/ld+json"),
        ("household-survey/2026/1/SHA256SUMS", "application/octet-stream"),
        ("data.json", "application/json"),
    ],
)
def test_what_is_public_is_served_with_its_type_and_may_run_nothing(
    address: str, path: str, kind: str
) -> None:
    answer = get(address + path)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == kind
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_published_bytes_are_served_as_they_are(address: str) -> None:
    for path, content in sample_files(PUBLIC).items():
        assert get(f"{address}household-survey/2026/1/{path}").content == content


def test_a_document_of_a_release_may_bring_its_style_but_runs_in_a_sandbox(address: str) -> None:
    policy = get(f"{address}household-survey/2026/1/disclosure-report.html").headers[
        "Content-Security-Policy"
    ]

    assert policy.startswith("sandbox; default-src 'none'")
    assert "style-src 'unsafe-inline'" in policy


@pytest.mark.parametrize(
    "path",
    [
        "/household-survey/2026/2/",
        "/household-survey/2026/2/data/persons.csv",
        "/staging/household-survey/2026/2/data/persons.csv",
        "/../staging/household-survey/2026/2/data/persons.csv",
        "/%2e%2e/staging/household-survey/2026/2/data/persons.csv",
        "/household-survey/..%2f..%2fstaging/household-survey/2026/2/data/persons.csv",
        "//staging/household-survey/2026/2/data/persons.csv",
        "/way-out/household-survey/2026/2/data/persons.csv",
        "/.lock",
        "/household-survey/2026/",
        "/household-survey/2026/1/data/",
        "/not-there",
    ],
)
def test_what_is_staged_hidden_or_only_a_folder_is_not_found(address: str, path: str) -> None:
    assert raw_status(address, path) == "404"


def test_it_listens_to_this_machine_only(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")


def test_the_server_is_gone_after_its_block(root: Path) -> None:
    with serving(root / "site") as address:
        assert get(address).status_code == 200

    with pytest.raises(requests.ConnectionError):
        get(address)
