"""Trends for clients of the REST endpoint `insights/trend`: its parameters, its answers, its errors."""
