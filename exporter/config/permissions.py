"""Why a file cannot be read by this user, in words that say what to change."""

import os
import pwd
import stat
from pathlib import Path


def closed_to(path: Path, error: OSError) -> str:
    """Return whose the file is and who we are, where that is why; else ""."""
    if not isinstance(error, PermissionError):
        return ""
    us = user_name(os.geteuid())
    try:
        held = path.stat()
    except OSError:
        return f" (this runs as {us}, to whom a folder on the way there is closed)"
    mode = stat.S_IMODE(held.st_mode)
    return f" (this runs as {us}; the file is {user_name(held.st_uid)}'s, mode {mode:04o})"


def user_name(uid: int) -> str:
    """Return a user's name, or the number of one without."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
