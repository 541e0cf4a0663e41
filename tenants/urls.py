from django.urls import path

from tenants import views

urlpatterns = [
    path("login", views.log_in, name="login"),
    path("logout", views.log_out, name="logout"),
    path("cambiar-clave", views.change_password, name="change_password"),
]
