"""The sample catalog, as package data."""
