"""The operating system's exclusive lock on an open file or folder: held until its last descriptor is closed."""

import fcntl


def try_to_lock(descriptor: int) -> bool:
    """Takes the lock where nobody else holds it, and says whether it did. Waits for nobody."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
