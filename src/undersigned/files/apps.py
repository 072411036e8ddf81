from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "undersigned.files"
    label = "files"
