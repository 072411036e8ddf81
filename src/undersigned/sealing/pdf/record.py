"""The record inside an evidence PDF: what both sides of the process border know of it, without a parser."""

NAME = "evidence.json"
MAX_BYTES = 64 << 20
