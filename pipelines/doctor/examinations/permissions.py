"""Nobody but the owner, and the declared group, reads what Parcours has made; and all of it belongs to that owner."""

import stat
from collections import Counter
from pathlib import Path

from pipelines.config.home import Home
from pipelines.config.home_contents import is_ours_alone
from pipelines.doctor.exposed_files import Exposed, close, find_exposed, find_made
from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.lake.owner_only import name_user

SUBJECT = "permissions"
EXAMPLES = 3


def examine(case: Case) -> Examined:
    home = case.home
    owner = home.root.stat().st_uid
    states = [(Path(entry.path), entry.stat(follow_symlinks=False), entry.is_symlink()) for entry in find_made(home)]
    findings = []
    exposed = find_exposed(home)
    if exposed:
        findings.append(
            Finding(
                f"{len(exposed)} files and folders are open to other users: {_count(exposed, home.root)}.",
                f"`parcours doctor --home {home.root} --mend` closes them.",
                mend=lambda: close(home),
            )
        )
    foreign = [(path, state.st_uid) for path, state, _ in states if state.st_uid != owner]
    if foreign:
        path, user = min(foreign)
        findings.append(
            Finding(
                f"{len(foreign)} files and folders belong to other users than the home does, such as "
                f"{path.relative_to(home.root)} to {name_user(user)}: a run of {name_user(owner)} cannot replace them.",
                f"As root: chown -R --no-dereference {name_user(owner)} {home.root}",
            )
        )
    exchangeable = _find_exchangeable(home)
    if exchangeable is not None:
        findings.append(
            Finding(
                f"Every user may put other files in the place of the home's: {exchangeable} is writable for all.",
                f"chmod o-w {exchangeable}",
            )
        )
    links = sorted(path.relative_to(home.root).as_posix() for path, _, is_link in states if is_link)
    unseen = f"; not looked into, being a link: {', '.join(links[:EXAMPLES])}" if links else ""
    mode = stat.S_IMODE(home.root.stat().st_mode)
    if mode & 0o044 and not is_ours_alone(home.root, home.root):
        unseen += f"; the folder itself holds other things too, and stays as it is ({mode:04o})"
    return Examined(SUBJECT, f"nothing is open to others than declared{unseen}", tuple(findings))


def _find_exchangeable(home: Home) -> Path | None:
    """The home's folder or one above it in which all users may rename, unless it is shared and sticky as `/tmp` is."""
    for folder in (home.root, *home.root.parents):
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return folder
    return None


def _count(exposed: list[Exposed], root: Path) -> str:
    """How many in each folder of the home, with examples."""
    parts = [each.path.relative_to(root).parts for each in exposed]
    counts = Counter(part[0] if part else "the folder itself" for part in parts)
    counted = ", ".join(f"{name} {count}" if count > 1 else name for name, count in counts.items())
    nearest = sorted(exposed, key=lambda each: (each.path.is_dir(), len(each.path.parts), each.path))[:EXAMPLES]
    examples = ", ".join(f"{each.path.relative_to(root)} ({each.path.stat().st_mode & 0o777:04o})" for each in nearest)
    return f"{counted}; such as {examples}"
