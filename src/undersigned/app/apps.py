from django.apps import AppConfig


class AppConfig(AppConfig):
    name = "undersigned.app"
    label = "app"
