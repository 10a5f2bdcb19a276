"""Serves a folder portal's site to this machine, for demonstrations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_NOTHING_ELSE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_OWN_PAGES = f"{_NOTHING_ELSE}; style-src 'self'"
# A document that is part of a release brings its own style along; it may do nothing else.
_DOCUMENTS = f"sandbox; {_NOTHING_ELSE}; style-src 'unsafe-inline'"


@contextmanager
def serving(site: Path, *, port: int = 0) -> Iterator[str]:
    """The site's address on 127.0.0.1 while the block runs; port 0 takes a free one."""
    with _server(site, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="portal")
        thread.start()
        try:
            yield _address(server)
        finally:
            server.shutdown()
            thread.join()


def serve(site: Path, *, port: int = 0, started: Callable[[str], None]) -> None:
    """Serves until it is interrupted (Ctrl-C); tells ``started`` the address."""
    with _server(site, port) as server:
        started(_address(server))
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _server(site: Path, port: int) -> ThreadingHTTPServer:
    handler = partial(_SiteHandler, directory=str(site.resolve()))
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server


def _address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/"


class _SiteHandler(SimpleHTTPRequestHandler):
    """Files below the folder and nothing else: no listings, no hidden files, no links out."""

    server_version = "clearance"
    sys_version = ""
    extensions_map = {  # noqa: RUF012 - the base class declares it so
        "": "application/octet-stream",
        ".css": "text/css; charset=utf-8",
        ".csv": "text/csv; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".json": "application/json",
        ".jsonld": "application/ld+json",
        ".md": "text/markdown; charset=utf-8",
        ".parquet": "application/vnd.apache.parquet",
    }

    def translate_path(self, path: str) -> str:
        """The file's path; one that cannot exist where it is hidden or outside of the site."""
        root = Path(self.directory)
        file = Path(super().translate_path(path))
        inside = file.resolve().is_relative_to(root)
        hidden = any(part.startswith(".") for part in file.parts[len(root.parts) :])
        if hidden or not inside:
            return str(root / "not-found" / "not-found")
        # The base class reads "is a folder" from a last slash, which Path drops.
        return f"{file}/" if path.partition("?")[0].endswith("/") else str(file)

    def list_directory(self, path: str | Any) -> None:
        self.send_error(404, "File not found")

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self._policy())
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a citizen's visits are not recorded."""

    def _policy(self) -> str:
        name = self.path.partition("?")[0].rpartition("/")[2]
        return _DOCUMENTS if name.endswith(".html") and name != "index.html" else _OWN_PAGES
