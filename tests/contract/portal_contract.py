"""What every portal promises. A test class inherits this and gives the fixture ``portal``."""

from __future__ import annotations

from uuid import uuid4

import pytest

from clearance.candidate import ReleaseId, sha256
from clearance.errors import PortalError
from clearance.ports import Portal
from tests.elsewhere import Elsewhere
from tests.sample_release import sample_files


@pytest.fixture
def dataset() -> str:
    """A dataset that no other test uses, since a real portal is shared by all."""
    return f"survey-{uuid4().hex[:8]}"


class PortalContract:
    def test_a_release_that_was_never_staged_is_not_found(
        self, portal: Portal, dataset: str
    ) -> None:
        assert portal.find(ReleaseId(dataset, "2026", 1)) is None
        assert portal.latest(dataset) is None

    def test_a_staged_release_is_found_private_with_the_hashes_of_its_bytes(
        self, portal: Portal, dataset: str
    ) -> None:
        release = ReleaseId(dataset, "2026", 1)
        files = sample_files(release)

        staged = portal.stage(release, files)

        assert portal.find(release) == staged
        assert not staged.public
        assert dict(staged.digests) == {path: sha256(content) for path, content in files.items()}
        assert portal.latest(dataset) is None

    def test_stored_contents_are_staged_as_their_bytes_are(
        self, portal: Portal, dataset: str
    ) -> None:
        release = ReleaseId(dataset, "2026", 1)
        files = sample_files(release)

        staged = portal.stage(release, {path: Elsewhere(each) for path, each in files.items()})

        assert dict(staged.digests) == {path: sha256(content) for path, content in files.items()}

    def test_staging_again_replaces_all_that_was_staged(self, portal: Portal, dataset: str) -> None:
        release = ReleaseId(dataset, "2026", 1)
        files = dict(sample_files(release))
        portal.stage(release, files)
        fewer = {path: content for path, content in files.items() if path != "changes.md"}
        fewer["data/persons.csv"] = b"age\n0-19\n"

        portal.stage(release, fewer)

        found = portal.find(release)
        assert found is not None
        assert dict(found.digests) == {path: sha256(content) for path, content in fewer.items()}

    def test_a_flip_makes_exactly_the_staged_bytes_public(
        self, portal: Portal, dataset: str
    ) -> None:
        release = ReleaseId(dataset, "2026", 1)
        staged = portal.stage(release, sample_files(release))

        public = portal.flip(release)

        assert public.public
        assert public.digests == staged.digests
        assert portal.find(release) == public
        assert portal.latest(dataset) == release

    def test_a_flip_may_be_repeated(self, portal: Portal, dataset: str) -> None:
        release = ReleaseId(dataset, "2026", 1)
        portal.stage(release, sample_files(release))

        assert portal.flip(release) == portal.flip(release)

    def test_nothing_that_was_not_staged_can_be_flipped(self, portal: Portal, dataset: str) -> None:
        with pytest.raises(PortalError, match="not staged"):
            portal.flip(ReleaseId(dataset, "2026", 1))

    def test_a_public_release_cannot_be_staged_again(self, portal: Portal, dataset: str) -> None:
        release = ReleaseId(dataset, "2026", 1)
        portal.stage(release, sample_files(release))
        public = portal.flip(release)

        with pytest.raises(PortalError, match="public already"):
            portal.stage(release, {**sample_files(release), "data/persons.csv": b"age\n"})

        assert portal.find(release) == public

    def test_what_was_discarded_is_gone_and_can_be_staged_anew(
        self, portal: Portal, dataset: str
    ) -> None:
        release = ReleaseId(dataset, "2026", 1)
        portal.stage(release, sample_files(release))

        portal.discard(release)
        portal.discard(release)

        assert portal.find(release) is None
        with pytest.raises(PortalError, match="not staged"):
            portal.flip(release)
        assert not portal.stage(release, sample_files(release)).public

    def test_discarding_leaves_a_public_release_alone(self, portal: Portal, dataset: str) -> None:
        release = ReleaseId(dataset, "2026", 1)
        portal.stage(release, sample_files(release))
        public = portal.flip(release)

        portal.discard(release)

        assert portal.find(release) == public

    def test_latest_is_the_newest_period_then_the_highest_number(
        self, portal: Portal, dataset: str
    ) -> None:
        in_this_order = [
            (ReleaseId(dataset, "2026", 1), ReleaseId(dataset, "2026", 1)),
            (ReleaseId(dataset, "2026", 2), ReleaseId(dataset, "2026", 2)),
            (ReleaseId(dataset, "2025", 7), ReleaseId(dataset, "2026", 2)),
            (ReleaseId(dataset, "2027-Q1", 1), ReleaseId(dataset, "2027-Q1", 1)),
        ]
        for release, newest in in_this_order:
            portal.stage(release, sample_files(release))
            portal.flip(release)
            assert portal.latest(dataset) == newest

    def test_releases_of_one_dataset_do_not_touch_each_other(
        self, portal: Portal, dataset: str
    ) -> None:
        first, second = ReleaseId(dataset, "2026", 1), ReleaseId(dataset, "2026", 2)
        portal.stage(first, sample_files(first))
        portal.stage(second, sample_files(second))

        public = portal.flip(first)
        portal.discard(second)

        assert portal.find(first) == public
        assert portal.find(second) is None
