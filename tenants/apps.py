from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Empresas y usuarios")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants import checks, deploy_checks  # noqa: F401  (register the checks)
        from tenants.connections import install_signal_receivers

        install_signal_receivers()
