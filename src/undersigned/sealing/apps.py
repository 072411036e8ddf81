from django.apps import AppConfig


class SealingConfig(AppConfig):
    name = "undersigned.sealing"
    label = "sealing"
