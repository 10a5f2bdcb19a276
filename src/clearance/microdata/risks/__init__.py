"""Disclosure risk of microdata, from distinct combinations and their counts alone."""
