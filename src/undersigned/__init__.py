"""Undersigned: a self-hosted electronic-signature server. One signing engine, four wire-compatible APIs."""

__version__ = "0.1.0"
