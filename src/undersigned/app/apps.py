"""What is registered when the server, a worker or a command starts."""

from __future__ import annotations

from django.apps import AppConfig as DjangoAppConfig


class AppConfig(DjangoAppConfig):
    name = "undersigned.app"
    label = "app"

    def ready(self) -> None:
        from undersigned.dialects.signsquid.port import SignsquidPort
        from undersigned.envelopes import ports

        ports.register(SignsquidPort())
