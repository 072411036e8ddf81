from django.apps import AppConfig


class EnvelopesConfig(AppConfig):
    name = "undersigned.envelopes"
    label = "envelopes"
