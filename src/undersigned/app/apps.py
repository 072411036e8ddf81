"""Registers what lower rooms ask for through ports."""

from __future__ import annotations

from django.apps import AppConfig as DjangoAppConfig


class AppConfig(DjangoAppConfig):
    """Joins the rooms: dialects to the core, the core to delivery and to the signing room."""

    name = "undersigned.app"
    label = "app"

    def ready(self) -> None:
        from undersigned.delivery import ports as delivery_ports
        from undersigned.dialects.signsquid.port import SignsquidPort
        from undersigned.envelopes import ports as envelope_ports
        from undersigned.envelopes.correspondence import PORTS
        from undersigned.room import gateway
        from undersigned.room.engine import Engine

        delivery_ports.register(PORTS)
        envelope_ports.register(SignsquidPort())
        gateway.use(Engine())
