"""Prefect flows: tables of contents over the package."""
