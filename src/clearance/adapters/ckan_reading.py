"""What CKAN holds of ours, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clearance.adapters.ckan_client import CkanClient, NotOnPortalError
from clearance.adapters.ckan_metadata import (
    DATASET_KEY,
    PATH_FIELD,
    RELEASE_KEY,
    SHA256_FIELD,
    extra,
)
from clearance.adapters.release_files import PACKAGE_FILE, Package, read_package
from clearance.candidate import ReleaseId, sha256
from clearance.errors import PortalError


@dataclass(frozen=True, slots=True)
class Held:
    """A dataset as CKAN shows it; ``modified`` is what a compare-and-set compares."""

    id: str
    private: bool
    modified: str
    fields: Mapping[str, Any]

    @property
    def resources(self) -> list[Mapping[str, Any]]:
        return list(self.fields.get("resources") or ())

    @property
    def as_read(self) -> dict[str, str]:
        """What a write names, so that it is refused where the dataset changed meanwhile."""
        return {"id": self.id, "metadata_modified": self.modified}

    @property
    def release(self) -> ReleaseId:
        """The release that it holds or links to. PortalError where it names none."""
        try:
            return ReleaseId.parse(extra(self.fields, RELEASE_KEY) or "")
        except ValueError:
            raise PortalError("a dataset of ours on the portal names no release") from None


def release_held(client: CkanClient, release: ReleaseId) -> Held | None:
    """The release's own dataset. PortalError where its name is taken by anything else."""
    held = _show(client, release.slug)
    if held is None:
        return None
    if (extra(held.fields, RELEASE_KEY), extra(held.fields, DATASET_KEY)) != (str(release), None):
        raise PortalError(f"{release.slug} on the portal is a dataset of somebody else")
    return held


def stable_held(client: CkanClient, dataset: str) -> Held | None:
    """The stable dataset. PortalError where its name is taken by anything else."""
    held = _show(client, dataset)
    if held is not None and extra(held.fields, DATASET_KEY) != dataset:
        raise PortalError(f"{dataset} on the portal is a dataset of somebody else")
    return held


def digests_of(client: CkanClient, held: Held) -> dict[str, str]:
    """SHA-256 of the bytes read back. What is not one file of ours has a name that no file has."""
    digests: dict[str, str] = {}
    for resource in held.resources:
        path = resource.get(PATH_FIELD)
        if not path or path in digests or resource.get("url_type") != "upload":
            digests[f"/{resource['id']}"] = ""
            continue
        try:
            digests[path] = client.sha256(held.id, resource["id"])
        except NotOnPortalError:
            digests[path] = ""
    return digests


def package_of(client: CkanClient, held: Held) -> Package:
    """The release's description of itself, as uploaded. PortalError where there is none."""
    for resource in held.resources:
        if resource.get(PATH_FIELD) == PACKAGE_FILE:
            content = b"".join(client.download(held.id, resource["id"]))
            if sha256(content) == resource.get(SHA256_FIELD):
                return read_package(content)
    raise PortalError(f"what is staged has no {PACKAGE_FILE}; stage it again")


def _show(client: CkanClient, name: str) -> Held | None:
    try:
        fields = client.read("package_show", id=name)
    except NotOnPortalError:
        return None
    if fields.get("state") == "deleted":
        return None
    # Only a literal true is private: whatever else CKAN may say, anybody can read it.
    private = fields.get("private") is True
    return Held(fields["id"], private, fields["metadata_modified"], fields)
