"""The schema over HTTP."""
