"""Registers what lower rooms ask for through ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig as DjangoAppConfig

if TYPE_CHECKING:
    from .doctor import Finding


class AppConfig(DjangoAppConfig):
    """Joins the rooms: dialects to the core, the core to delivery and to the signing room."""

    name = "undersigned.app"
    label = "app"

    def ready(self) -> None:
        from undersigned.accounts import ports as account_ports
        from undersigned.console import doctor as console_doctor
        from undersigned.console.port import ConsolePort
        from undersigned.delivery import ports as delivery_ports
        from undersigned.delivery.account import Letters
        from undersigned.dialects.signicat.port import SignicatPort
        from undersigned.dialects.signingtoday.port import SigningtodayPort
        from undersigned.dialects.signspace.port import SignspacePort
        from undersigned.dialects.signsquid.port import SignsquidPort
        from undersigned.envelopes import ports as envelope_ports
        from undersigned.envelopes.correspondence import PORTS
        from undersigned.envelopes.quarantine import quarantine
        from undersigned.files import scan
        from undersigned.room import gateway, talk
        from undersigned.room.engine import Engine
        from undersigned.room.talk_engine import TalkEngine

        account_ports.register(Letters())
        delivery_ports.register(PORTS)
        envelope_ports.register(SignsquidPort())
        envelope_ports.register(SignspacePort())
        envelope_ports.register(SignicatPort())
        envelope_ports.register(SigningtodayPort())
        envelope_ports.register(ConsolePort())
        scan.listen(quarantine)
        gateway.use(Engine())
        talk.use(TalkEngine())
        console_doctor.use(_examine)


def _examine(mail_to: str) -> list[Finding]:
    from .django_settings import UNDERSIGNED
    from .doctor import Look, examine

    return list(examine(Look(UNDERSIGNED, mail_to=mail_to)))
