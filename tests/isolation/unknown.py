"""A URLconf with an argument that the walk cannot know."""

from django.urls import path

from tests.isolation.leaks import open_to_all

urlpatterns = [path("cosas/<slug:apodo>/", open_to_all, name="cosa")]
