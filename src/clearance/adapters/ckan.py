"""The portal port on CKAN 2.12, through its action API.

Each release is a dataset of its own, named by its slug: staged private, its files uploaded
as new resources, made public by one compare-and-set on what was read back. The stable
dataset, named like the dataset itself, then holds the current metadata and links.
Nothing is ever replaced in place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from clearance.adapters.ckan_client import CkanClient, RefusedError
from clearance.adapters.ckan_metadata import (
    draft_fields,
    file_fields,
    link_fields,
    release_fields,
    stable_fields,
)
from clearance.adapters.ckan_reading import (
    Held,
    digests_of,
    package_of,
    release_held,
    stable_held,
)
from clearance.adapters.portal_check import Check
from clearance.adapters.release_files import (
    PACKAGE_FILE,
    Package,
    check_names,
    in_order,
    read_package,
    recency,
)
from clearance.candidate import ReleaseId
from clearance.content import Content, whole
from clearance.errors import PortalError, UnknownOutcomeError
from clearance.ports import PortalRelease

_OLDEST_VERSION = (2, 12)
_ATTEMPTS = 3
_NAME = re.compile(r"[a-z0-9_-]{2,100}")


class CkanPortal:
    """`clearance.ports.Portal` on a CKAN portal, with the token of an editor."""

    def __init__(self, address: str, token: str | None) -> None:
        self._client = CkanClient(address, token)
        self._read_back: dict[ReleaseId, str] = {}

    def find(self, release: ReleaseId) -> PortalRelease | None:
        self._identify()
        held = release_held(self._client, release)
        return None if held is None else self._described(release, held)

    def stage(self, release: ReleaseId, files: Mapping[str, Content]) -> PortalRelease:
        _check(release, files)
        package = read_package(whole(files.get(PACKAGE_FILE, b"")))
        self._identify()
        self._may_publish_in(package.organization)
        draft = self._empty_draft(release, package.organization)
        for path in in_order(files, package):
            fields = {"package_id": draft.id, **file_fields(path, files[path], package)}
            self._client.upload(fields, name=path.rpartition("/")[2], content=files[path])
        return self._found(release)

    def flip(self, release: ReleaseId) -> PortalRelease:
        self._identify()
        held = release_held(self._client, release)
        if held is None:
            raise PortalError(f"{release} is not staged; stage it before publishing it")
        package = package_of(self._client, held)
        if held.private:
            self._make_public(release, held, package)
        self._move_latest(release, package)
        return self._found(release)

    def discard(self, release: ReleaseId) -> None:
        self._identify()
        held = release_held(self._client, release)
        if held is not None and held.private:
            self._client.write(
                "package_revise",
                match=held.as_read,
                filter=["-resources"],
                update={"resources": [], "private": True},
            )
            self._client.write("package_delete", id=held.id)

    def latest(self, dataset: str) -> ReleaseId | None:
        self._identify()
        stable = stable_held(self._client, dataset)
        return None if stable is None else stable.release

    def check(self) -> Iterator[Check]:
        """Version, identity and organisations; the first line says whether it answers at all."""
        try:
            version = str(self._client.read("status_show")["ckan_version"])
        except PortalError as problem:
            yield Check("reachable", False, str(problem))
            return
        yield Check("reachable", True, self._client.address)
        numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
        yield Check("version", numbers >= _OLDEST_VERSION, f"CKAN {version} (2.12 is needed)")
        user = self._client.user()
        yield Check("identity", user is not None, user or _STRANGER)
        names = ", ".join(sorted(self._organizations())) or "none: make the user an editor of one"
        yield Check("organisation", bool(self._organizations()), f"may publish in {names}")

    # ------------------------------------------------------------ reading

    def _identify(self) -> None:
        if self._client.user() is None:
            raise PortalError(_STRANGER)

    def _organizations(self) -> set[str]:
        found = self._client.read("organization_list_for_user", permission="create_dataset")
        return {str(organization["name"]) for organization in found}

    def _may_publish_in(self, organization: str) -> None:
        if organization not in self._organizations():
            raise PortalError(
                f"the portal has no organisation '{organization}' in which the token's user may "
                "publish; make it and the user an editor of it, or correct the plan"
            )

    def _described(self, release: ReleaseId, held: Held) -> PortalRelease:
        digests = digests_of(self._client, held)
        self._read_back[release] = held.modified
        return PortalRelease(release, not held.private, digests, self._address(release.slug))

    def _found(self, release: ReleaseId) -> PortalRelease:
        held = release_held(self._client, release)
        if held is None:
            raise PortalError(f"{release} is not on the portal where it was just written")
        return self._described(release, held)

    def _address(self, name: str) -> str:
        return f"{self._client.address}/dataset/{name}"

    # ------------------------------------------------------------ writing

    def _empty_draft(self, release: ReleaseId, organization: str) -> Held:
        """A private dataset without files; PortalError unless the portal says it is private."""
        fields = draft_fields(release, organization)
        held = release_held(self._client, release)
        if held is None:
            self._client.write("package_create", **fields)
        elif not held.private:
            raise PortalError(f"{release} is public already; a release is never replaced")
        else:
            self._client.write(
                "package_revise",
                match=held.as_read,
                filter=["-resources", "-extras", "-tags"],
                update=fields,
            )
        draft = release_held(self._client, release)
        if draft is None or not draft.private or draft.resources:
            raise PortalError(f"the portal did not make a private, empty draft for {release}")
        return draft

    def _make_public(self, release: ReleaseId, held: Held, package: Package) -> None:
        if self._read_back.get(release, held.modified) != held.modified:
            raise PortalError(f"{release} was changed on the portal since it was read back")
        try:
            self._client.write(
                "package_revise",
                match=held.as_read,
                filter=["-extras", "-tags"],
                update=release_fields(release, package),
            )
        except UnknownOutcomeError:
            now = release_held(self._client, release)
            if now is None or now.private:
                raise
        except RefusedError as refusal:
            if "match" not in refusal.fields:
                raise
            raise PortalError(f"{release} was changed on the portal meanwhile") from None

    def _move_latest(self, release: ReleaseId, package: Package) -> None:
        """The stable dataset shows ``release``, or a newer one."""
        public = release_held(self._client, release)
        if public is None or public.private:
            raise PortalError(f"{release} is not public on the portal, though it should be")
        links = [link_fields(resource) for resource in public.resources]
        fields = stable_fields(release, package, self._address(release.slug), links)
        for _ in range(_ATTEMPTS):
            stable = stable_held(self._client, release.dataset)
            shown = None if stable is None else stable.release
            if shown is not None and recency(shown) >= recency(release):
                return
            try:
                self._write_stable(release.dataset, stable, package.organization, fields)
            except UnknownOutcomeError:
                continue
            except RefusedError as refusal:
                # Somebody else made or moved it since it was read: read it again.
                if refusal.fields.isdisjoint({"match", "name"}):
                    raise
        if self.latest(release.dataset) != release:
            raise PortalError(f"the portal's {release.dataset} could not be moved to {release}")

    def _write_stable(
        self, dataset: str, stable: Held | None, organization: str, fields: dict[str, Any]
    ) -> None:
        if stable is None:
            self._client.write("package_create", name=dataset, owner_org=organization, **fields)
        else:
            self._client.write(
                "package_revise",
                match=stable.as_read,
                filter=["-resources", "-extras", "-tags"],
                update=fields,
            )


_STRANGER = (
    "the portal does not know the token in CLEARANCE_PORTAL_TOKEN; make one for an editor's account"
)


def _check(release: ReleaseId, files: Mapping[str, Content]) -> None:
    check_names(release, files)
    for name in (release.slug, release.dataset):
        if not _NAME.fullmatch(name):
            raise PortalError(f"{name} cannot be a name on CKAN: it takes 2 to 100 characters")
