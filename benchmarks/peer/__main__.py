"""`python -m benchmarks.peer`: serve the peer on UNDERSIGNED_PORT with UNDERSIGNED_WEB_THREADS threads."""

from __future__ import annotations

import gc
import os
import socket


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peer.settings"
    from django.core.wsgi import get_wsgi_application

    from undersigned.app import wire

    application = get_wsgi_application()
    from . import urls  # noqa: F401 - loaded before the first request

    gc.collect()
    gc.freeze()
    listening = socket.create_server(("127.0.0.1", int(os.environ["UNDERSIGNED_PORT"])))
    threads = int(os.environ["UNDERSIGNED_WEB_THREADS"])
    wire.serve(application, listening, threads=threads, max_body=100 << 20, trusted_proxies=0)


main()
