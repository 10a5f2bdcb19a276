"""The portal contract on what runs without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearance.adapters.folder_portal import FolderPortal
from clearance.ports import Portal
from tests.contract.portal_contract import PortalContract, dataset
from tests.portals import FakePortal

__all__ = ["dataset"]


class TestFakePortal(PortalContract):
    @pytest.fixture
    def portal(self) -> Portal:
        return FakePortal()


class TestFolderPortal(PortalContract):
    @pytest.fixture
    def portal(self, tmp_path: Path) -> Portal:
        return FolderPortal(tmp_path / "portal")
