"""What a survey found, as text for a person or as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from exporter.catalog import Kind, Metric
from exporter.commands.advice import told
from exporter.commands.layout import paragraph, rows
from exporter.commands.survey import AccountLook, Fate, LocationLook, Survey
from exporter.series import Sample

#: So many series of one metric with the same value are told of in one row.
_FEW = 3


def account_lines(survey: Survey, look: AccountLook) -> Iterator[str]:
    """Yield what came of one account, with every metric of every device."""
    config = look.config
    yield f"{config.name} ({config.vendor}, {config.base_url})"
    if look.trouble.fate is not Fate.OK:
        yield from paragraph(told(look.trouble, config.vendor), 2)
    calls = ", ".join(f"{count} {endpoint}" for endpoint, count in look.calls.items())
    count = len(look.locations)
    yield f"  {count} location{'s' * (count != 1)}, {_calls(look)}{f': {calls}' if calls else ''}"
    for location in look.locations:
        yield ""
        yield from _location_lines(survey, config.vendor, location)


def _calls(look: AccountLook) -> str:
    made = sum(look.calls.values())
    return f"{made} call{'s' * (made != 1)} made"


def _location_lines(survey: Survey, vendor: str, look: LocationLook) -> Iterator[str]:
    yield f"  {look.ref.name or '(no name)'} ({look.ref.id})"
    if look.reader:
        yield f"    read through the account {look.reader}"
    elif look.trouble.fate is not Fate.OK:
        yield from paragraph(told(look.trouble, vendor), 4)
    else:
        yield from rows(list(_rows(survey.page.held[vendor, look.ref.id][1])), 4)
        for base, samples in _devices(survey, vendor, look.ref.id):
            *_, room, name, device_id = base
            yield f"    {name or '(no name)'}{f', {room}' if room else ''} ({device_id})"
            yield from rows(list(_rows(samples)), 6)


def _devices(
    survey: Survey, vendor: str, location_id: str
) -> Iterator[tuple[tuple[str, ...], Sequence[Sample]]]:
    for owner, held in survey.page.held.items():
        if owner[:2] == (vendor, location_id) and len(owner) > len((vendor, location_id)):
            yield held


def _rows(samples: Iterable[Sample]) -> Iterator[tuple[str, str]]:
    """Yield a row for each sample, or one for many of a metric that have the same value."""
    ordered = sorted(samples, key=lambda sample: (sample.metric.name, sample.value))
    for (_, value), group in groupby(ordered, lambda sample: (sample.metric.name, sample.value)):
        same = list(group)
        metric = same[0].metric
        if metric.kind is Kind.INFO:
            yield from ((metric.name, _labels(sample)) for sample in same)
        elif len(same) > _FEW:
            labels = ",".join(f"{label}=..." for label in metric.labels)
            yield f"{metric.name}{{{labels}}}", f"{_value(metric, value)} (each of {len(same)})"
        else:
            yield from ((_series(sample), _value(metric, value)) for sample in same)


def _series(sample: Sample) -> str:
    labels = _labels(sample)
    return f"{sample.metric.name}{{{labels}}}" if labels else sample.metric.name


def _labels(sample: Sample) -> str:
    pairs = zip(sample.metric.labels, sample.labels, strict=True)
    if sample.metric.kind is Kind.INFO:
        return ", ".join(f'{label}="{value}"' for label, value in pairs if value)
    return ",".join(f'{label}="{value}"' for label, value in pairs)


def _value(metric: Metric, value: float) -> str:
    if metric.name.endswith("_timestamp_seconds"):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{value:.10g}"


def summary_lines(survey: Survey, looks: Sequence[AccountLook]) -> Iterator[str]:
    """Yield what is about all accounts: what the catalogue does not know, and the calls."""
    for vendor, findings in survey.findings.items():
        if len(findings.unmapped):
            text = f"{vendor} states without a metric of their own: {', '.join(findings.unmapped)}."
            yield from paragraph(f"{text} Numbers are served as home_device_state.", 0)
            yield from paragraph("Please report them: home-exporter dump --redact", 2)
        if rejected := survey.rejected(vendor):
            text = ", ".join(f"{count} {why}" for why, count in rejected.items())
            yield from paragraph(f"{vendor} values that were not believed, by reason: {text}", 0)
        for account, sentence in findings.notices:
            yield from paragraph(f"{account or vendor}: {sentence}", 0)
    made = sum(sum(look.calls.values()) for look in looks)
    yield f"{made} call{'s' * (made != 1)} to the clouds. {kept(survey)}"
    if survey.state_errors:
        yield "Some files of state_dir could not be used: --log.level=warn says more."


def kept(survey: Survey) -> str:
    """Return what became of the record of these calls."""
    if survey.is_recorded:
        return "They are on record: an exporter started now need not repeat them."
    return "Not on record: state_dir is another process's or user's, or yet to be made by its user."


def document(survey: Survey, looks: Sequence[AccountLook], code: int) -> dict[str, Any]:
    """Return all of it as JSON data."""
    return {
        "accounts": [_account(survey, look) for look in looks],
        "unmapped": {vendor: list(one.unmapped) for vendor, one in survey.findings.items()},
        "rejected": {vendor: survey.rejected(vendor) for vendor in survey.findings},
        "notices": [sentence for one in survey.findings.values() for _, sentence in one.notices],
        "calls": sum(sum(look.calls.values()) for look in looks),
        "recorded": survey.is_recorded,
        "exit_code": code,
    }


def _account(survey: Survey, look: AccountLook) -> dict[str, Any]:
    config = look.config
    return {
        "vendor": config.vendor,
        "account": config.name,
        "result": look.trouble.fate.value,
        "advice": _advice(look, config.vendor),
        "calls": dict(look.calls),
        "locations": [
            {
                "id": one.ref.id,
                "name": one.ref.name,
                "result": one.trouble.fate.value,
                "advice": _advice(one, config.vendor),
                "read_through": one.reader or config.name,
                "metrics": _samples(survey.page.held.get((config.vendor, one.ref.id), ((), ()))[1]),
                "devices": [
                    {"id": base[5], "name": base[4], "room": base[3], "metrics": _samples(samples)}
                    for base, samples in _devices(survey, config.vendor, one.ref.id)
                ],
            }
            for one in look.locations
        ],
    }


def _advice(look: AccountLook | LocationLook, vendor: str) -> str | None:
    return None if look.trouble.fate is Fate.OK else told(look.trouble, vendor)


def _samples(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    return [
        {
            "name": sample.metric.name,
            "labels": dict(zip(sample.metric.labels, sample.labels, strict=True)),
            "value": sample.value,
        }
        for sample in samples
    ]
