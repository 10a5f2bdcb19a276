"""Open licences that plans name by their SPDX identifier, in a citizen's words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class License:
    """``ckan``: its id in CKAN's own register."""

    title: str
    address: str
    ckan: str


_CC = "https://creativecommons.org"
LICENSES = {
    "CC-BY-4.0": License("Creative Commons Attribution 4.0", f"{_CC}/licenses/by/4.0/", "cc-by"),
    "CC-BY-SA-4.0": License(
        "Creative Commons Attribution-ShareAlike 4.0", f"{_CC}/licenses/by-sa/4.0/", "cc-by-sa"
    ),
    "CC0-1.0": License(
        "Creative Commons Zero (public domain)", f"{_CC}/publicdomain/zero/1.0/", "cc-zero"
    ),
    "ODbL-1.0": License(
        "Open Database License 1.0", "https://opendatacommons.org/licenses/odbl/1-0/", "odc-odbl"
    ),
    "ODC-By-1.0": License(
        "Open Data Commons Attribution 1.0",
        "https://opendatacommons.org/licenses/by/1-0/",
        "odc-by",
    ),
    "PDDL-1.0": License(
        "Public Domain Dedication and License 1.0",
        "https://opendatacommons.org/licenses/pddl/1-0/",
        "odc-pddl",
    ),
    "OGL-UK-3.0": License(
        "Open Government Licence 3.0 (United Kingdom)",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
        "uk-ogl",
    ),
}


def license_of(name: str) -> License:
    """What is known of it; an unknown one has its name, no address and no CKAN id."""
    return LICENSES.get(name, License(name, "", "notspecified"))
