from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "undersigned.console"
    label = "console"
