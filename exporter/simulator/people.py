"""Invented people: every private value that the payloads carry is made of these markers."""

FIRST_PERSON = "Kari Eksempel"
SECOND_PERSON = "Ola Eksempel"
MAIL_DOMAIN = "@example.com"
STREET = "Eksempelveien"
CITY = "Eksempelby"
PIN_NOTE = "PIN-note 0000 Eksempel"
WALLY_OWNER = "eksempel-account"

PRIVATE_MARKERS: tuple[str, ...] = (
    FIRST_PERSON,
    SECOND_PERSON,
    MAIL_DOMAIN,
    STREET,
    CITY,
    PIN_NOTE,
    WALLY_OWNER,
)


def mail(name: str) -> str:
    """Return the invented e-mail address of `name`."""
    return f"{name}{MAIL_DOMAIN}"


def address(number: int) -> dict[str, str]:
    """Return an invented postal address in Wally's shape."""
    return {
        "line1": "",
        "line2": f"{STREET} {number}",
        "city": CITY,
        "state": "NO",
        "zip": "0000",
    }
