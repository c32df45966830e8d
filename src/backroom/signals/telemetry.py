"""OpenTelemetry, switched on by its own variables and by nothing else.

The variables are those of its specification: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_EXPORTER`,
`OTEL_METRICS_EXPORTER` and so on. The SDK reads most of them itself. It is installed with the extra
`otel`, and imported only where one of them asks for it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom import __version__, events
from backroom.settings import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from importlib.metadata import EntryPoint

    from backroom.signals.meters import Meters
    from backroom.signals.spans import Spans

log = logging.getLogger(__name__)

_NO_EXPORTER = "none"
_OTLP = "otlp"
_OTLP_BY_PROTOCOL = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}


class Exporters(NamedTuple):
    """The exporters of traces and of metrics, by the names of their entry points, or None."""

    traces: str | None = None
    metrics: str | None = None


class Telemetry(NamedTuple):
    """What watches requests and jobs for OpenTelemetry. `end` sends what is left."""

    spans: Spans | None
    meters: Meters | None
    end: Callable[[], None]


def exporters_asked(environment: Mapping[str, str]) -> Exporters:
    """Give the exporters that the variables ask for. Raises `InvalidSetting`."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Exporters()
    return Exporters(_asked(environment, "TRACES"), _asked(environment, "METRICS"))


def _asked(environment: Mapping[str, str], signal: str) -> str | None:
    def value(name: str) -> str:
        return environment.get(name, "").strip()

    variable = f"OTEL_{signal}_EXPORTER"
    named = value(variable)
    if not named and any(
        value(f"OTEL_EXPORTER_OTLP_{name}") for name in ("ENDPOINT", f"{signal}_ENDPOINT")
    ):
        # The specification has this as the default.
        named = _OTLP
    if not named or named == _NO_EXPORTER:
        return None
    if named != _OTLP:
        return named
    names = f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
    for name in names:
        if protocol := value(name):
            if protocol not in _OTLP_BY_PROTOCOL:
                raise InvalidSetting(f"{name} must be {' or '.join(_OTLP_BY_PROTOCOL)}")
            return _OTLP_BY_PROTOCOL[protocol]
    return _OTLP_BY_PROTOCOL["http/protobuf"]


def telemetry_of(environment: Mapping[str, str], engine: str) -> Telemetry | None:
    """Start what the variables ask for. None if they ask for nothing, or the SDK is not installed.

    Raises `InvalidSetting`.
    """
    asked = exporters_asked(environment)
    if asked == Exporters():
        return None
    try:
        import opentelemetry.sdk  # noqa: F401 - whether it is installed
    except ImportError:
        log.warning(events.TELEMETRY_MISSING)
        return None
    return _started(asked, environment, engine)


def _started(asked: Exporters, environment: Mapping[str, str], engine: str) -> Telemetry:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from backroom.signals.meters import Meters
    from backroom.signals.spans import Spans

    is_named = environment.get("OTEL_SERVICE_NAME") or "service.name" in environment.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    # What is given to `create` would win over the variables.
    own = {SERVICE_VERSION: __version__} | ({} if is_named else {SERVICE_NAME: "backroom"})
    resource = Resource.create(own)
    ends: list[Callable[[], object]] = []
    spans = meters = None
    if asked.traces is not None:
        exporter = _exporter("traces", asked.traces)
        spans = Spans(BatchSpanProcessor(exporter), engine, resource)
        ends.append(spans.end)
    if asked.metrics is not None:
        reader = PeriodicExportingMetricReader(_exporter("metrics", asked.metrics))
        provider = MeterProvider([reader], resource, shutdown_on_exit=False)
        meters, ends = Meters(provider), [*ends, provider.shutdown]

    def end() -> None:
        for each in ends:
            each()

    return Telemetry(spans, meters, end)


def _exporter(signal: str, name: str) -> Any:
    """Make an exporter by the name of its entry point. Raises `InvalidSetting`."""
    return _entry_point(signal, name).load()()


def check_exporters(environment: Mapping[str, str]) -> None:
    """Raise `InvalidSetting` if the variables ask for an exporter that is not installed."""
    asked = exporters_asked(environment)
    for signal, name in asked._asdict().items():
        if name is not None:
            _entry_point(signal, name)


def _entry_point(signal: str, name: str) -> EntryPoint:
    from importlib.metadata import entry_points

    found = tuple(entry_points(group=f"opentelemetry_{signal}_exporter", name=name))
    if found:
        return found[0]
    if name in _OTLP_BY_PROTOCOL.values():
        package = f"opentelemetry-exporter-{name.replace('_', '-')}"
        raise InvalidSetting(
            f"the exporter of {signal} by OTLP needs a package: pip install {package}"
        )
    raise InvalidSetting(f"OTEL_{signal.upper()}_EXPORTER asks for {name}, which is not installed")
