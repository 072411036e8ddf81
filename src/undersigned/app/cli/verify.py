"""`undersigned verify`: check files without the server."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from .setup import django_setup
