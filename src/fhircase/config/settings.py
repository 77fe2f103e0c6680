"""Every setting there is, with its default."""

from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from fhircase.config.checks import Days, Namespace, ServerName, Uri
from fhircase.config.problems import found
from fhircase.config.servers import BrakeSettings, FHIRVersion, Server, ServerSettings
from fhircase.errors import ConfigError, Problem

PREFIX = "FHIRCASE_"
BETWEEN = "__"


class Config(BaseSettings):
    """The settings, read once; the environment wins over the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=BETWEEN,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    namespace: Namespace | None = None
    ledger: str = Field(default="fhircase.ledger", min_length=1)
    overlays: tuple[str, ...] = ()
    timezone: ZoneInfo | None = None
    patient_identifiers: tuple[Uri, ...] = ()
    create_patients: bool = False
    brake: BrakeSettings = BrakeSettings()
    retention: Days | None = None
    log: Literal["off", "text", "json"] = "off"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    servers: dict[ServerName, ServerSettings] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the environment first, then what `load` read from the file."""
        return env_settings, init_settings

    def our_namespace(self) -> str:
        """The namespace of our identifiers.

        Raises:
            ConfigError: there is none; guessing one would mix up two hospitals' records.
        """
        if self.namespace is None:
            raise ConfigError(
                Problem(
                    "not set",
                    "namespace",
                    "our identifiers are {namespace}/{kind}",
                    'add namespace = "https://your-organisation.example" to fhircase.toml',
                )
            )
        return self.namespace

    def server(self, name_or_url: str, *, fhir: FHIRVersion | None = None) -> Server:
        """A configured server by its name or URL, or one made up for a URL that is not configured.

        Raises:
            ConfigError: there is no such name, the URL is not one to use, or a secret cannot be read.
        """
        if name_or_url in self.servers:
            return self._whole(name_or_url, self.servers[name_or_url], fhir)
        if "://" not in name_or_url:
            known = ", ".join(self.servers) or "none"
            raise ConfigError(
                Problem(
                    "no such server",
                    f"servers.{name_or_url}",
                    f"configured: {known}",
                    f"add [servers.{name_or_url}] to fhircase.toml, or give a URL",
                )
            )
        url = name_or_url.rstrip("/")
        for name, settings in self.servers.items():
            if settings.url == url:
                return self._whole(name, settings, fhir)
        return self._whole(url, _ad_hoc(url), fhir)

    def _whole(self, name: str, own: ServerSettings, fhir: FHIRVersion | None) -> Server:
        systems, create = own.patient_identifiers, own.create_patients
        return Server(
            name=name,
            url=own.url,
            fhir=fhir or own.fhir,
            auth=own.auth.secrets(f"servers.{name}.auth"),
            timeout=own.timeout,
            bundle_entries=own.bundle_entries,
            bundle_bytes=own.bundle_bytes,
            parallel=own.parallel,
            rate_limit=own.rate_limit,
            pull=own.pull,
            organization=own.organization,
            overlays=(*self.overlays, *own.overlays),
            patient_identifiers=self.patient_identifiers if systems is None else systems,
            create_patients=self.create_patients if create is None else create,
            recheck=own.recheck,
            unknown=own.unknown,
            brake=own.brake or self.brake,
            pilot=own.clients(f"servers.{name}"),
        )


def _ad_hoc(url: str) -> ServerSettings:
    values: dict[str, Any] = {"url": url}
    try:
        return ServerSettings(**values)
    except ValidationError as error:
        raise ConfigError(
            [found(problem, ServerSettings, lambda _: "--server") for problem in error.errors()]
        ) from None
