"""The files of a published release, from a folder or from the web, for verification."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import quote, urljoin

from clearance.adapters.stored import PrivateFolder, StoredFile, content_of
from clearance.candidate import APPROVAL_FILE
from clearance.content import IN_MEMORY_BYTES, Content, size_bytes, whole
from clearance.errors import PlanError, PortalError
from clearance.record.verify import claimed_files

PORTAL_PAGE = "index.html"
"""A portal's own page beside the files of a release; no release has a file of this name."""
_TIMEOUT_SECONDS = (5, 60)
_MOST_BYTES = 64 * 2**30
_CHUNK_BYTES = 1 << 20


def read_published(path_or_url: str) -> dict[str, Content]:
    """Path to content of every file there but the portal's page."""
    if path_or_url.startswith(("http://", "https://")):
        return _download(path_or_url)
    return _read_folder(Path(path_or_url))


def _read_folder(folder: Path) -> dict[str, Content]:
    """Every file below ``folder``. PlanError where it is no folder that can be read."""
    if not folder.is_dir():
        raise PlanError(f"{folder}: expected a folder with the files of a release")
    try:
        return {
            file.relative_to(folder).as_posix(): content_of(file)
            for file in sorted(folder.rglob("*"))
            if not file.is_dir() and file.relative_to(folder).as_posix() != PORTAL_PAGE
        }
    except OSError as problem:
        raise PlanError(f"{folder}: {problem.strerror}") from None


def _download(address: str) -> dict[str, Content]:
    """The record below ``address`` and the files that it names; what is not there is left out.

    The web gives no list of files, so one that the record does not name is not noticed.
    """
    base = address if address.endswith("/") else f"{address}/"
    with PrivateFolder() as folder:
        record = _get(urljoin(base, APPROVAL_FILE), IN_MEMORY_BYTES - 1, folder)
        if record is None:
            return {}
        files, left = {APPROVAL_FILE: record}, _MOST_BYTES
        for path in claimed_files(whole(record)):
            content = _get(urljoin(base, quote(path)), left, folder)
            if content is not None:
                files[path] = content
                left -= size_bytes(content)
        return files


def _get(address: str, most_bytes: int, folder: PrivateFolder) -> Content | None:
    """None where the portal says that there is nothing; PortalError for any other failure."""
    import requests

    try:
        with requests.get(address, timeout=_TIMEOUT_SECONDS, stream=True) as answer:
            if answer.status_code in (404, 410):
                return None
            answer.raise_for_status()
            return _body(_limited(answer.iter_content(_CHUNK_BYTES), most_bytes), folder)
    except requests.RequestException as problem:
        raise PortalError(f"{address}: {type(problem).__name__}") from None


def _limited(chunks: Iterator[bytes], most_bytes: int) -> Iterator[bytes]:
    for chunk in chunks:
        most_bytes -= len(chunk)
        if most_bytes < 0:
            raise PortalError("the release is larger than what is downloaded for verification")
        yield chunk


def _body(chunks: Iterator[bytes], folder: PrivateFolder) -> Content:
    """In memory while it is small, else in ``folder``."""
    begun = bytearray()
    for chunk in chunks:
        begun += chunk
        if len(begun) >= IN_MEMORY_BYTES:
            break
    else:
        return bytes(begun)
    path, stream = folder.new_file()
    with stream:
        stream.writelines(chain([begun], chunks))
    return StoredFile(path, folder)
