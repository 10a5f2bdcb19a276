"""Measures a protected file with pycanon: FILE SENSITIVE MEASURE; prints JSON.

Runs in the peers' environment. ``k`` is measured over all columns, ``l`` and ``t`` of the
sensitive one over the classes of the others.
"""

from __future__ import annotations

import json
import sys

import pandas as pd
from pycanon import anonymity

path, sensitive, measure = sys.argv[1:]
rows = pd.read_csv(path, dtype=str, keep_default_na=False)
others = [name for name in rows.columns if name != sensitive]
if measure == "k":
    figure = anonymity.k_anonymity(rows, list(rows.columns))
elif measure == "l":
    figure = anonymity.l_diversity(rows, others, [sensitive])
else:
    figure = anonymity.t_closeness(rows, others, [sensitive])
print(json.dumps({"figure": float(figure)}))
