"""Microdata protection: what to recode and suppress, decided on a histogram alone."""
