"""Settings: read once, from `fhircase.toml` and the environment; wrong ones are all named at once."""

from fhircase.config.loading import FILE, load, template
from fhircase.config.servers import Basic, Bearer, Server
from fhircase.config.settings import Config

__all__ = ["FILE", "Basic", "Bearer", "Config", "Server", "load", "template"]
