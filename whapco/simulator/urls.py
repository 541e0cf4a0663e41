from django.urls import path

from whapco.simulator import views

app_name = "simulator"
urlpatterns = [
    path("", views.phone, name="phone"),
    path("graph/<path:path>", views.graph, name="graph"),
    path("control/state", views.state, name="state"),
    path("control/archivo", views.send_file, name="send_file"),
    path("control/archivo/<str:media_id>", views.show_file, name="show_file"),
    path("control/<path:name>", views.command, name="command"),
]
