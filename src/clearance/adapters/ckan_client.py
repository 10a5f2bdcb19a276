"""CKAN's action API in our words: time-outs on every call, foreign errors translated.

A call that fails for sure is a `PortalError`; a write that may have been done all the same
(no answer, a server error, a broken search index) is an `UnknownOutcomeError`. No message
repeats what the portal answered, since that may quote what was sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from ckanapi import RemoteCKAN
from ckanapi.errors import (
    CKANAPIError,
    NotAuthorized,
    NotFound,
    ServerIncompatibleError,
    ValidationError,
)
from requests_toolbelt import MultipartEncoder

from clearance.adapters.stored import ChunkReader
from clearance.content import Content, chunks, size_bytes
from clearance.errors import PortalError, UnknownOutcomeError

ACTION_TIMEOUT_SECONDS = (5, 60)
FILE_TIMEOUT_SECONDS = (5, 600)
_NOT_DONE = {413: "the file is too large for it", 429: "there were too many calls; try later"}
_CHUNK_BYTES = 1 << 20


class NotOnPortalError(PortalError):
    """The portal has nothing of this name."""


class RefusedError(PortalError):
    """The portal found fault with what was sent; ``fields`` names what, as far as we sent it."""

    def __init__(self, action: str, fields: frozenset[str]) -> None:
        named = ", ".join(sorted(fields)) or "something"
        super().__init__(f"the portal refused {action}: it finds fault with {named}")
        self.fields = fields


class CkanClient:
    """One portal, one token."""

    def __init__(self, address: str, token: str | None) -> None:
        self.address = address.rstrip("/")
        self._session = _Session(token)
        self._remote = RemoteCKAN(self.address, apikey=token, session=self._session)

    def read(self, action: str, **parameters: object) -> Any:
        """The action's result. NotOnPortalError where there is nothing of that name."""
        with _translated(action, writes=False):
            return self._call(action, parameters)

    def write(self, action: str, **parameters: object) -> Any:
        """The action's result. RefusedError where the portal finds fault with a parameter."""
        with _translated(action, writes=True):
            return self._call(action, parameters)

    def upload(self, fields: Mapping[str, str], *, name: str, content: Content) -> Any:
        """A new resource with the file ``name``; ``fields`` are its other properties."""
        with _translated("resource_create", writes=True):
            return self._remote.call_action(
                "resource_create",
                dict(fields),
                # The content, not an open file: what was read once uploads nothing again.
                files={"upload": (name, content)},
                requests_kwargs={"timeout": FILE_TIMEOUT_SECONDS},
            )

    def download(self, dataset_id: str, resource_id: str) -> Iterator[bytes]:
        """The resource's bytes in pieces, read with the token. NotOnPortalError without file."""
        path = f"/dataset/{dataset_id}/resource/{resource_id}/download"
        with _translated("the download of a file", writes=False):
            yield from self._session.pieces(self.address + path)

    def sha256(self, dataset_id: str, resource_id: str) -> str:
        digest = hashlib.sha256()
        for piece in self.download(dataset_id, resource_id):
            digest.update(piece)
        return digest.hexdigest()

    def user(self) -> str | None:
        """Whom the token belongs to; None where the portal takes us for a stranger.

        For reading, CKAN takes a bad token for none, and says nothing.
        """
        try:
            return str(self.read("user_show")["name"])
        except NotOnPortalError:
            return None

    def _call(self, action: str, parameters: dict[str, object]) -> Any:
        return self._remote.call_action(
            action, parameters, requests_kwargs={"timeout": ACTION_TIMEOUT_SECONDS}
        )


class _Session:
    """What ckanapi needs of a `requests.Session`, with uploads streamed instead of buffered."""

    def __init__(self, token: str | None) -> None:
        self._token = token
        self._session = requests.Session()
        # Neither a cookie nor a .netrc may say who we are: the token alone does.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.auth = _as_it_is

    def post(
        self,
        url: str,
        *,
        data: Any,
        headers: dict[str, str],
        files: Mapping[str, tuple[str, Content]] | None,
        allow_redirects: bool,
        timeout: tuple[float, float],
    ) -> requests.Response:
        """PortalError for an answer that says that nothing was done."""
        if files:
            fields = {name.decode(): value.decode() for name, value in data.items()}
            opened = {name: (file, _Upload(content)) for name, (file, content) in files.items()}
            data = MultipartEncoder({**fields, **opened})
            headers = {**headers, "Content-Type": data.content_type}
        answer = self._session.post(
            url, data=data, headers=headers, allow_redirects=allow_redirects, timeout=timeout
        )
        if 300 <= answer.status_code < 400:
            raise PortalError(
                "the portal sends us to another address; give that one as CLEARANCE_PORTAL_URL"
            )
        if answer.status_code in _NOT_DONE:
            raise PortalError(f"the portal refused: {_NOT_DONE[answer.status_code]}")
        return answer

    def pieces(self, url: str) -> Iterator[bytes]:
        headers = {"Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = self._token
        with self._session.get(
            url, headers=headers, timeout=FILE_TIMEOUT_SECONDS, stream=True
        ) as answer:
            if answer.status_code == requests.codes.not_found:
                raise NotOnPortalError("the portal has no such file")
            answer.raise_for_status()
            yield from answer.iter_content(_CHUNK_BYTES)

    def close(self) -> None:
        self._session.close()


class _Upload:
    """A file as the encoder reads it, from its beginning; ``len``: bytes still to be read."""

    def __init__(self, content: Content) -> None:
        self.len = size_bytes(content)
        self._reader = ChunkReader(chunks(content))

    def read(self, size: int = -1) -> bytes:
        piece = self._reader.read(size)
        if not piece and size and self.len:  # the encoder would wait for the rest for ever
            raise PortalError("a file became shorter while it was uploaded")
        self.len -= len(piece)
        return piece


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


@contextmanager
def _translated(action: str, *, writes: bool) -> Iterator[None]:
    try:
        yield
    except NotFound:
        raise NotOnPortalError(f"the portal has nothing of this name ({action})") from None
    except NotAuthorized:
        raise PortalError(f"the token's user may not do {action} on the portal") from None
    except ValidationError as error:
        raise RefusedError(action, _field_names(error)) from None
    except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as error:
        raise PortalError(f"the portal cannot be reached: {type(error).__name__}") from None
    except (requests.RequestException, CKANAPIError, ServerIncompatibleError) as error:
        if writes:
            raise UnknownOutcomeError(
                f"the portal gave no clear answer to {action} ({type(error).__name__}); "
                "it may have done it or not"
            ) from None
        raise PortalError(
            f"the portal did not answer {action} properly ({type(error).__name__})"
        ) from None


def _field_names(error: ValidationError) -> frozenset[str]:
    """Names of parameters only; what the portal says of them may quote their values."""
    details = error.error_dict if isinstance(error.error_dict, dict) else {}
    known = {"name", "title", "notes", "owner_org", "private", "tags", "extras", "resources"}
    return frozenset(details) & (known | {"match", "update", "license_id", "upload", "url", "id"})
