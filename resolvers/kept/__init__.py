"""Answers of trends that are kept for the next one who asks."""
