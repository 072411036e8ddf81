"""Shared fixtures. Which database the suite runs on is chosen by `--db`."""
