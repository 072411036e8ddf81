from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "undersigned.room"
    label = "room"
