"""Takes internal datasets to an open-data portal without disclosing anybody in them."""
