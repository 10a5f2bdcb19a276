"""The portal that an address names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from clearance.adapters.settings import Home, open_home
from clearance.errors import PortalError

if TYPE_CHECKING:
    from clearance.adapters.ckan import CkanPortal
    from clearance.adapters.folder_portal import FolderPortal


def portal_from(url: str, token: str | None, *, home: Home) -> FolderPortal | CkanPortal:
    """``folder:PATH`` (relative to the home) or the http(s) address of a CKAN portal.

    Nothing is contacted yet. PortalError for any other address.
    """
    if url.startswith("folder:") and url != "folder:":
        from clearance.adapters.folder_portal import FolderPortal

        place = Path(url.removeprefix("folder:")).expanduser()
        return FolderPortal(open_home(home).path / place)
    if url.startswith(("http://", "https://")):
        from clearance.adapters.ckan import CkanPortal

        return CkanPortal(url, token or None)
    raise PortalError("CLEARANCE_PORTAL_URL: expected folder:PATH or the address of a CKAN portal")
