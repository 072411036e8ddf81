from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "undersigned.identity"
    label = "identity"
