"""Accounts at work: when to list and poll, and where what comes back goes."""

from exporter.accounts.account import Account, Status
from exporter.accounts.claims import Claims
from exporter.accounts.repeated import Failure
from exporter.accounts.roster import Changes, Roster
from exporter.accounts.tools import Tools
from exporter.accounts.watch import WatchStatus

__all__ = [
    "Account",
    "Changes",
    "Claims",
    "Failure",
    "Roster",
    "Status",
    "Tools",
    "WatchStatus",
]
