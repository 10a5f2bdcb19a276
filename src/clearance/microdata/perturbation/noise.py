"""Additive noise: plain, and correlated so that means and covariances hold.

What an intruder could take apart is the scale: x + a*z in one release and x + b*z in the next,
with a and b known, give z and x. So scales move in steps, and a new step has new draws.
"""

from __future__ import annotations

import math

import numpy as np

from clearance.errors import DisclosureRiskError
from clearance.microdata.perturbation.draws import Floats

STEPS = (1.0, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2, 10.0)  # the series E12
LEAST_EIGENVALUE = 0.01  # a rounded correlation matrix may have lost its positive ones


def step(scale: float) -> float:
    """The least step that is not below ``scale``: at most 25 % more, one digit after the point."""
    if scale == 0:
        return 0.0
    exponent = math.floor(math.log10(scale))
    mantissa = round(scale / 10.0**exponent, 9)
    return float(f"{next(each for each in STEPS if each >= mantissa)}e{exponent}")


def add_noise(values: Floats, normals: Floats, sd: float) -> Floats:
    """``values`` with independent noise; zero stays zero, and NaN (missing) stays NaN.

    In expectation the mean holds, and the variance grows by ``sd`` squared.
    """
    return np.where(values == 0, 0.0, values + sd * normals)


def noise_factor(values: Floats, share: float) -> Floats:
    """The factor F of the noise's covariance F F', which is about ``share``^2 of ``values``'.

    ``values``: shape (units, variables), complete. Standard deviations are stepped and
    correlations rounded to tenths, so that a small change of the data changes nothing.
    """
    sds = np.array([step(share * float(sd)) for sd in values.std(axis=0)])
    return np.asarray(sds[:, None] * _square_root(_rounded_correlations(values)))


def add_correlated_noise(values: Floats, normals: Floats, factor: Floats) -> Floats:
    """``values`` with noise of covariance F F', moved back to their own means and covariances.

    ``values``, ``normals``: shape (units, variables), complete. Means, variances and
    correlations over the units hold exactly, up to rounding. What moves them back is
    one linear map for all units, so it shows nobody more than the noisy values do.
    DisclosureRiskError where there are too few units for a covariance.
    Source: Kim (1986), "A method for limiting disclosure in microdata based on random noise and
    transformation"; here with the map of least change between the two covariances.
    """
    units, variables = values.shape
    if units <= variables + 1:
        raise DisclosureRiskError(
            f"{units} units with a value in all of {variables} variables are too few for "
            f"correlated noise; give each variable its own"
        )
    noisy = values + normals @ factor.T
    scale = np.where(noisy.std(axis=0) > 0, noisy.std(axis=0), 1.0)
    centred = (noisy - noisy.mean(axis=0)) / scale
    target = np.atleast_2d(np.cov((values / scale).T, bias=True))
    back = _map_of_least_change(np.atleast_2d(np.cov(centred.T, bias=True)), target)
    return np.asarray(values.mean(axis=0) + (centred @ back.T) * scale)


def _rounded_correlations(values: Floats) -> Floats:
    sds = values.std(axis=0)
    standard = (values - values.mean(axis=0)) / np.where(sds > 0, sds, 1.0)
    rounded = np.round(standard.T @ standard / len(values), 1)
    np.fill_diagonal(rounded, 1.0)
    return np.asarray(rounded)


def _square_root(matrix: Floats, least: float = LEAST_EIGENVALUE) -> Floats:
    """The symmetric root, eigenvalues below ``least`` raised to it."""
    eigenvalues, vectors = np.linalg.eigh(matrix)
    roots = np.sqrt(np.maximum(eigenvalues, least))
    return np.asarray((vectors * roots) @ vectors.T)


def _map_of_least_change(present: Floats, wanted: Floats) -> Floats:
    """A with A S A' = T that moves normal values least: S^-1/2 (S^1/2 T S^1/2)^1/2 S^-1/2.

    Of a variable that does not vary, nothing moves.
    """
    root = _square_root(present, 0.0)
    inverse = np.linalg.pinv(root, hermitian=True)
    return np.asarray(inverse @ _square_root(root @ wanted @ root, 0.0) @ inverse)
