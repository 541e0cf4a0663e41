from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IsolationConfig(AppConfig):
    name = "whapco.isolation"
    label = "isolation"
    verbose_name = _("Informe de aislamiento")
