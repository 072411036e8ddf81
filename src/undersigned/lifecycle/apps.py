from django.apps import AppConfig


class LifecycleConfig(AppConfig):
    name = "undersigned.lifecycle"
    label = "lifecycle"
