"""Every `home_` metric, once: exposition, documentation and lint all read this table."""

from exporter.catalog.metric import Kind, Metric, Scope

_CELSIUS = (-60.0, 100.0)
_FLOOR_CELSIUS = (-40.0, 100.0)
_RATIO = (0.0, 1.0)
_VOLTS = (0.0, 20.0)
_WATTS = (-100_000.0, 100_000.0)
_METER_JOULES = (0.0, 3.6e15)

UP = Metric(
    name="home_up",
    help="1 while the last successful poll of the location is younger than stale_after.",
    scope=Scope.LOCATION,
    survives=True,
    boolean=True,
    homely="GET /home",
    wally="GET /v2/places/<id>/sensors",
)
LOCATION_INFO = Metric(
    name="home_location_info",
    help="What the location is, as labels; always 1.",
    kind=Kind.INFO,
    scope=Scope.LOCATION,
    labels=("gateway_serial",),
    survives=True,
    homely="gatewayserial",
    wally="id, label",
)
LOCATION_UPDATED = Metric(
    name="home_location_updated_timestamp_seconds",
    help="When the location was last heard of: its last successful poll, its last pushed event.",
    scope=Scope.LOCATION,
    labels=("source",),
    unit="seconds",
    survives=True,
    homely="arrival of GET /home and of socket events",
    wally="arrival of the sensors and of callbacks",
)
LOCATION_DEVICES = Metric(
    name="home_location_devices",
    help="Devices held for the location.",
    scope=Scope.LOCATION,
    homely="devices",
    wally="the sensors' list",
)
LOCATION_DEVICES_EXPECTED = Metric(
    name="home_location_devices_expected",
    help="Devices that the vendor says the location has.",
    scope=Scope.LOCATION,
    wally="the length of sensorIds",
)
LOCATION_SUSPENDED = Metric(
    name="home_location_suspended",
    help="1 while the owner asked for silence about the whole location.",
    scope=Scope.LOCATION,
    survives=True,
    boolean=True,
    wally="place.suspended",
)
ALARM_STATE = Metric(
    name="home_alarm_state",
    help="State of the alarm: exactly one is 1.",
    kind=Kind.STATESET,
    scope=Scope.LOCATION,
    labels=("home_alarm_state",),
    homely="alarmState, alarm-state-changed",
)
ALARM_STATE_CHANGES = Metric(
    name="home_alarm_state_changes_total",
    help="Changes of the alarm to each state.",
    kind=Kind.COUNTER,
    scope=Scope.LOCATION,
    labels=("state",),
    survives=True,
    homely="alarmState, alarm-state-changed",
)
TEMPERATURE = Metric(
    name="home_temperature_celsius",
    help="Air temperature.",
    unit="celsius",
    periodic=True,
    bounds=_CELSIUS,
    reading="temperature",
    homely="temperature.temperature, else thermostat.LocalTemperature / 100",
    wally="state.TEMP",
)
FLOOR_TEMPERATURE = Metric(
    name="home_floor_temperature_celsius",
    help="Temperature of the floor sensor of a thermostat; absent where none is fitted.",
    unit="celsius",
    bounds=_FLOOR_CELSIUS,
    homely="thermostat.mf409 as int16 / 100",
)
HUMIDITY = Metric(
    name="home_humidity_ratio",
    help="Relative humidity, 0 to 1.",
    unit="ratio",
    periodic=True,
    bounds=_RATIO,
    reading="humidity",
    homely="a humidity state / 100, if one appears",
    wally="state.RH / 100",
)
POWER = Metric(
    name="home_power_watts",
    help="Power demand at the electricity meter; the sign while exporting is not known.",
    unit="watts",
    periodic=True,
    bounds=_WATTS,
    reading="power",
    homely="metering.demand",
)
ENERGY_IMPORTED = Metric(
    name="home_energy_imported_joules_total",
    help="Energy bought from the grid; the vendor moves it once an hour.",
    kind=Kind.COUNTER,
    unit="joules",
    bounds=_METER_JOULES,
    reading="energy",
    homely="metering.summationdelivered x 3600",
)
ENERGY_EXPORTED = Metric(
    name="home_energy_exported_joules_total",
    help="Energy sold to the grid; the vendor moves it once an hour.",
    kind=Kind.COUNTER,
    unit="joules",
    bounds=_METER_JOULES,
    reading="energy",
    homely="metering.summationreceived x 3600",
)
BATTERY_VOLTS = Metric(
    name="home_battery_volts",
    help="Battery voltage.",
    unit="volts",
    bounds=_VOLTS,
    homely="battery.voltage",
)
BATTERY_LEVEL = Metric(
    name="home_battery_level",
    help="Battery level on the vendor's own scale, which is not documented.",
    wally="hardware.BATT_LVL",
)
BATTERY_LOW = Metric(
    name="home_battery_low",
    help="1 when the device says that its battery is low.",
    boolean=True,
    homely="battery.low, else report.lowbat",
)
BATTERY_DEFECT = Metric(
    name="home_battery_defect",
    help="1 when the device says that its battery is defect.",
    boolean=True,
    homely="battery.defect",
)
LINK_STRENGTH = Metric(
    name="home_link_strength_ratio",
    help="Strength of the radio link to the parent, 0 to 1.",
    unit="ratio",
    periodic=True,
    bounds=_RATIO,
    reading="link",
    homely="diagnostic.networklinkstrength / 100",
)
SIGNAL_STRENGTH = Metric(
    name="home_signal_strength",
    help="Signal strength in a unit that the vendor does not document.",
    labels=("source",),
    wally="recentSignalStrength (recent), signalStrength on WaterSensor (current)",
)
LEAK = Metric(
    name="home_leak_detected",
    help="1 while the sensor is wet.",
    boolean=True,
    rises="leak",
    homely="alarm.flood",
    wally="state.LEAK == 15 where SENSOR is not 1",
)
LEAK_ALARMED = Metric(
    name="home_leak_alarmed",
    help="1 while the vendor itself reports a leak at the sensor.",
    boolean=True,
    wally="alarmed, alarm activities of callbacks",
)
CONTACT_OPEN = Metric(
    name="home_contact_open",
    help="1 while the door or window is open.",
    boolean=True,
    rises="open",
    homely="alarm.alarm on door and window models, the inverse of report.doorclosed",
    wally="state.COND == 15 where SENSOR is 1",
)
MOTION = Metric(
    name="home_motion_detected",
    help="1 while motion is detected.",
    boolean=True,
    rises="motion",
    homely="alarm.alarm on motion models",
)
ALARM_TRIGGERED = Metric(
    name="home_alarm_triggered",
    help="1 while a device of neither the motion nor the door kind is triggered.",
    boolean=True,
    homely="alarm.alarm on other models",
)
FIRE = Metric(
    name="home_fire_detected",
    help="1 while smoke or heat is detected.",
    boolean=True,
    rises="fire",
    homely="alarm.fire",
)
TAMPER = Metric(
    name="home_tamper_detected",
    help="1 while the device is tampered with.",
    boolean=True,
    rises="tamper",
    homely="alarm.tamper",
)
LOCK_LOCKED = Metric(
    name="home_lock_locked",
    help="1 while the lock is locked.",
    boolean=True,
    rises="lock",
    falls="unlock",
    homely="lock.state, else report.locked",
)
LOCK_JAMMED = Metric(
    name="home_lock_jammed",
    help="1 while the lock reports that it is broken or jammed.",
    boolean=True,
    homely="report.Broken",
)
THERMOSTAT_SETPOINT = Metric(
    name="home_thermostat_setpoint_celsius",
    help="Temperature that the thermostat is set to.",
    labels=("mode",),
    unit="celsius",
    bounds=_CELSIUS,
    homely="thermostat.OccupiedHeatingSetpoint / 100, thermostat.OccupiedCoolingSetpoint / 100",
)
THERMOSTAT_LIMIT = Metric(
    name="home_thermostat_limit_celsius",
    help="Bounds of the thermostat's setpoint, and its highest floor temperature.",
    labels=("bound",),
    unit="celsius",
    bounds=_CELSIUS,
    homely="thermostat.AbsMinHeatSetpointLimit, AbsMaxHeatSetpointLimit, mf414",
)
THERMOSTAT_HEATING = Metric(
    name="home_thermostat_heating",
    help="1 while the thermostat's relay heats.",
    boolean=True,
    homely="thermostat.mf415",
)
THERMOSTAT_POWER = Metric(
    name="home_thermostat_power_watts",
    help="Mean power of the heating circuit over 10 minutes.",
    unit="watts",
    bounds=_WATTS,
    homely="thermostat.mf408",
)
TEMPERATURE_THRESHOLD = Metric(
    name="home_temperature_threshold_celsius",
    help="Temperature below (min) or above (max) which the owner asked to be alerted.",
    labels=("bound",),
    unit="celsius",
    wally="thresholds.TEMP in threshold_unit",
)
HUMIDITY_THRESHOLD = Metric(
    name="home_humidity_threshold_ratio",
    help="Relative humidity below (min) or above (max) which the owner asked to be alerted.",
    labels=("bound",),
    unit="ratio",
    bounds=_RATIO,
    wally="thresholds.RH / 100",
)
ACTIVITIES = Metric(
    name="home_activities",
    help="Activities of the vendor about the device that are open or acknowledged.",
    labels=("activity", "state"),
    wally="activities, callbacks",
)
ACTIVITIES_TOTAL = Metric(
    name="home_activities_total",
    help="Activities of the vendor about the device since the exporter first saw it.",
    kind=Kind.COUNTER,
    labels=("activity",),
    is_homonym=True,
    survives=True,
    wally="activities, callbacks: once per snid, type and created",
)
EVENTS = Metric(
    name="home_events_total",
    help="Times that something began: a leak, fire, motion, an opening, tampering, (un)locking.",
    kind=Kind.COUNTER,
    labels=("event",),
    survives=True,
    homely="alarm.*, lock.state, report.*, by socket or poll",
    wally="state.LEAK, state.COND, alarm callbacks",
)
DEVICE_ONLINE = Metric(
    name="home_device_online",
    help="1 while the vendor reaches the device.",
    survives=True,
    boolean=True,
    homely="online",
    wally="the inverse of offline",
)
DEVICE_SUSPENDED = Metric(
    name="home_device_suspended",
    help="1 while the owner asked for silence about the device.",
    survives=True,
    boolean=True,
    wally="suspended",
)
DEVICE_UPDATED = Metric(
    name="home_device_updated_timestamp_seconds",
    help="When the device was last heard of, by the vendor's clock.",
    unit="seconds",
    survives=True,
    homely="the newest lastUpdated",
    wally="updated, else the newest at",
)
READING_UPDATED = Metric(
    name="home_reading_updated_timestamp_seconds",
    help="When the reading was last taken, by the vendor's clock; it outlives the reading.",
    labels=("reading",),
    unit="seconds",
    survives=True,
    homely="lastUpdated",
    wally="at",
)
DEVICE_INFO = Metric(
    name="home_device_info",
    help="What the device is, as labels; always 1.",
    kind=Kind.INFO,
    labels=(
        "model",
        "serial",
        "floor",
        "hardware_type",
        "sensor_kind",
        "appliance",
        "functional_type",
        "firmware",
    ),
    survives=True,
    homely="modelName, serialNumber, location",
    wally="hardwareType, state.SENSOR, location, hardware.FW_REV",
)
DEVICE_LINK_INFO = Metric(
    name="home_device_link_info",
    help="The radio parent of the device (the gateway or a router), as a label; always 1.",
    kind=Kind.INFO,
    labels=("parent",),
    survives=True,
    homely="diagnostic.networklinkaddress",
)
DEVICE_STATE = Metric(
    name="home_device_state",
    help="Any other number or bool that the vendor reports, as it is.",
    labels=("feature", "state"),
    homely="every other state of a feature",
    wally="every other key of state and hardware",
)

READINGS: tuple[Metric, ...] = tuple(m for m in list(globals().values()) if isinstance(m, Metric))
BY_NAME: dict[str, Metric] = {metric.name: metric for metric in READINGS}
