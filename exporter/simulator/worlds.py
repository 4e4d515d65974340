"""Ready-made worlds: one to show, a small one to test, a large one to measure."""

from exporter.simulator import models
from exporter.simulator.devices import EMPTY
from exporter.simulator.homes import EventForm, Home, Login, Place, WallyAccount
from exporter.simulator.models import MISSING, MODELS, UNKNOWN_MODEL, Wish
from exporter.simulator.people import FIRST_PERSON, SECOND_PERSON, mail
from exporter.simulator.stamps import Minter
from exporter.simulator.wally_models import WATER, WallyWish, build_sensor
from exporter.simulator.world import World

_VILLA = (
    Wish("Alarm Motion Sensor 2", "Motion hall", "Floor 1 - Entrance", sensitivity=2),
    Wish("Motion Sensor Mini", "Motion living room", "Floor 1 - Living room", sensitivity=None),
    Wish("Alarm Entry Sensor 2", "Front door", "Floor 1 - Entrance", warmth=18, defect=None),
    Wish("Window Sensor", "Window Sensor", "Floor 1 - Kitchen", defect=EMPTY),
    Wish("Window Sensor", "Window Sensor", "Floor 2 - Bedroom", warmth=17, defect=MISSING),
    Wish("Window Sensor", "Window Sensor", "Floor 2 - Office", edition=2),
    Wish("Intelligent Smoke Alarm", "Smoke upstairs", "Floor 2 - Hall", online=False),
    Wish("Intelligent Heat Alarm", "Heat kitchen", "Floor 1 - Kitchen", warmth=22),
    Wish("Flood Alarm", "Under the sink", "Floor 1 - Kitchen", defect=MISSING),
    Wish("EMI Norwegian HAN", "HAN plug", "Floor 1 - Entrance"),
    Wish("ELKO Super TR", "Bathroom floor", "", warmth=23.8),
    Wish("ELKO Super TR", "Hall floor", "Floor 1 - Entrance", warmth=20, floor=2450),
    Wish("Yale Doorman V2N", "Door lock", "Floor 1 - Entrance"),
    Wish(UNKNOWN_MODEL, "Sauna", "Floor -1 - Spa"),
)
_CABIN = (
    Wish("Motion Sensor 2 Alarm", "Motion", "Floor 1 - Living room", warmth=12),
    Wish("Window Alarm Sensor", "Cabin door", "Hallway", warmth=9, defect=MISSING),
    Wish("Smoke Alarm", "Smoke", "Floor 1 - Living room", warmth=12),
    Wish("Heat Alarm", "Heat", "Floor 1 - Kitchen", warmth=11),
    Wish("Flood Alarm", "Water inlet", "Floor -1 - Cellar", warmth=7, defect=MISSING),
)
_BOATHOUSE = (
    Wish("Alarm Entry Sensor 2", "Boathouse door", "", warmth=10),
    Wish("Flood Alarm", "Floor drain", "Floor -1 - Living room", warmth=8),
    Wish("EMI Norwegian HAN", "HAN plug", ""),
)
_SMALL = (
    Wish("Flood Alarm", "Under the sink", "Floor 1 - Kitchen", defect=MISSING),
    Wish("Alarm Entry Sensor 2", "Front door", "Floor 1 - Entrance", warmth=18),
    Wish("Alarm Motion Sensor 2", "Motion hall", "Floor 1 - Entrance"),
    Wish("EMI Norwegian HAN", "HAN plug", "Floor 1 - Entrance"),
)
_FLAT = (
    WallyWish("Kitchen", "Sink"),
    WallyWish(
        "Bathroom",
        "Washing machine",
        hardware=WATER,
        octets=8,
        thresholds={"TEMP": {"min": 7.5}, "RH": {"name": "RH", "max": 70.5}},
    ),
    WallyWish("Hall", "Door", contact=True),
)
_HOUSE = (
    WallyWish("Cellar", "Water heater", floor="Basement", warmth=12),
    WallyWish("Laundry", "Drain", floor="Basement", suspended=True, hardware=WATER),
    WallyWish("Attic", "Pipe", floor="Attic", offline=True, bare=True, thresholds={}),
)


def demo_world(seed: int = 1) -> World:
    """Build the world of the demo: every model, odd names, and half-filled states."""
    minter = Minter(seed)
    cabin = _home("Hytta ", _CABIN, minter, EventForm(with_change=False, with_partner=False))
    villa = _home("Villa Solbakken", _VILLA, minter)
    boathouse = _home("Hytta", _BOATHOUSE, minter, EventForm(envelope="payload"))
    logins = [
        _login("kari.eksempel", FIRST_PERSON, [cabin, villa], minter),
        _login("ola.eksempel", SECOND_PERSON, [boathouse], minter),
    ]
    places = [
        _place("Flat Storgata", _FLAT, minter, 1),
        _place("House Fjellveien", _HOUSE, minter, 2),
    ]
    return World(logins, [WallyAccount(minter.uuid(), places)])


def small_world(seed: int = 1) -> World:
    """Build one Homely home and one Wally place with a few devices."""
    minter = Minter(seed)
    login = _login("kari.eksempel", FIRST_PERSON, [_home("Home", _SMALL, minter)], minter)
    place = _place("Flat", _FLAT[:1] + _FLAT[2:], minter, 1)
    return World([login], [WallyAccount(minter.uuid(), [place])])


def fleet_world(
    logins: int,
    homes_per_login: int = 1,
    devices_per_home: int = 10,
    seed: int = 1,
    *,
    report_every: float = 300.0,
) -> World:
    """Build many homes of the usual sensors, each of which speaks every `report_every` s."""
    minter = Minter(seed)
    kinds = [model for model in MODELS if models.speaks(model)]
    made: list[Login] = []
    for number in range(logins):
        homes = [
            _home(
                f"Home {number}-{index}",
                tuple(
                    Wish(kinds[slot % len(kinds)], f"Device {slot}", report_every=report_every)
                    for slot in range(devices_per_home)
                ),
                minter,
            )
            for index in range(homes_per_login)
        ]
        made.append(_login(f"fleet{number}", FIRST_PERSON, homes, minter))
    return World(made, [])


def _login(account: str, person: str, homes: list[Home], minter: Minter) -> Login:
    password = f"sim-{minter.hexdigits(12)}"
    return Login(mail(account), password, minter.uuid(), person, homes)


def _home(
    name: str, wishes: tuple[Wish, ...], minter: Minter, form: EventForm | None = None
) -> Home:
    return Home(
        location_id=minter.uuid(),
        name=name,
        gateway_id=minter.uuid(),
        gateway_serial=minter.serial("02000001"),
        devices=[models.build(wish, minter) for wish in wishes],
        form=form or EventForm(),
    )


def _place(label: str, wishes: tuple[WallyWish, ...], minter: Minter, number: int) -> Place:
    place_id = minter.hexdigits(24)
    sensors = [build_sensor(wish, place_id, minter) for wish in wishes]
    return Place(place_id, label, sensors, number=number)
