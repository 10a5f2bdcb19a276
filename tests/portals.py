"""A portal in memory that keeps the promises of `clearance.ports.Portal`."""

from __future__ import annotations

from collections.abc import Mapping

from clearance.adapters.release_files import recency
from clearance.candidate import ReleaseId, sha256
from clearance.content import Content, whole
from clearance.errors import PortalError
from clearance.ports import PortalRelease


class FakePortal:
    """``staged`` and ``public`` may be looked at, and tampered with, by tests."""

    def __init__(self) -> None:
        self.staged: dict[ReleaseId, dict[str, bytes]] = {}
        self.public: dict[ReleaseId, dict[str, bytes]] = {}

    def find(self, release: ReleaseId) -> PortalRelease | None:
        public = release in self.public
        files = self.public.get(release, self.staged.get(release))
        if files is None:
            return None
        digests = {path: sha256(content) for path, content in files.items()}
        return PortalRelease(release, public, digests, f"memory:{release}")

    def stage(self, release: ReleaseId, files: Mapping[str, Content]) -> PortalRelease:
        if release in self.public:
            raise PortalError(f"{release} is public already")
        self.staged[release] = {path: whole(content) for path, content in files.items()}
        return self._found(release)

    def flip(self, release: ReleaseId) -> PortalRelease:
        if release not in self.public:
            if release not in self.staged:
                raise PortalError(f"{release} is not staged")
            self.public[release] = self.staged.pop(release)
        return self._found(release)

    def discard(self, release: ReleaseId) -> None:
        self.staged.pop(release, None)

    def latest(self, dataset: str) -> ReleaseId | None:
        return max(
            (release for release in self.public if release.dataset == dataset),
            key=recency,
            default=None,
        )

    def _found(self, release: ReleaseId) -> PortalRelease:
        found = self.find(release)
        assert found is not None
        return found
