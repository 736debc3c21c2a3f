"""The virtual board's root: a cpio archive (newc) of busybox, modules, init and what is under test."""

import io
import os
import stat
from pathlib import Path


class Archive:
    """Files go in with their folders; modes are kept, owners are root."""

    def __init__(self):
        self._out = io.BytesIO()
        self._folders = set()
        self._count = 0

    def _entry(self, name, mode, data=b""):
        self._count += 1
        name = name.encode() + b"\0"
        fields = [self._count, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
        self._out.write(b"070701" + b"".join(b"%08X" % f for f in fields) + name)
        self._pad()
        self._out.write(data)
        self._pad()

    def _pad(self):
        self._out.write(b"\0" * (-self._out.tell() % 4))

    def _parents(self, name):
        for folder in list(Path(name).parents)[-2::-1]:
            if str(folder) not in self._folders:
                self._folders.add(str(folder))
                self._entry(str(folder), stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        self._parents(name)
        self._entry(name, stat.S_IFREG | mode, data)

    def copy(self, name, path, mode=None):
        self.file(name, Path(path).read_bytes(), mode or stat.S_IMODE(os.stat(path).st_mode))

    def tree(self, folder):
        """All files under a folder, each where it is below it."""
        for path in sorted(Path(folder).rglob("*")):
            name = str(path.relative_to(folder))
            if path.is_symlink():
                self._parents(name)
                self._entry(name, stat.S_IFLNK | 0o777, os.readlink(path).encode())
            elif path.is_file():
                self.copy(name, path)

    def bytes(self):
        self._entry("TRAILER!!!", 0)
        self._out.write(b"\0" * (-self._out.tell() % 512))
        return self._out.getvalue()


def modules(archive, parts, release, wanted):
    """Adds the modules and all that they need."""
    folder = f"lib/modules/{release}"
    source = Path(parts) / "modules" / folder
    needs = {}
    for line in (source / "modules.dep").read_text().splitlines():
        module, _, others = line.partition(":")
        needs[module] = others.split()
    by_name = {Path(m).name.split(".ko")[0].replace("-", "_"): m for m in needs}
    builtin = {Path(m).stem.replace("-", "_") for m in (source / "modules.builtin").read_text().split()}
    kept = {}
    for name in wanted:
        name = name.replace("-", "_")
        if name not in by_name:
            if name not in builtin:
                raise SystemExit(f"the kernel {release} has no module {name}")
            continue
        for module in [by_name[name], *needs[by_name[name]]]:
            kept[module] = needs[module]
    for module in sorted(kept):
        archive.copy(f"{folder}/{module}", source / module)
    lines = "".join(f"{module}: {' '.join(others)}\n" for module, others in sorted(kept.items()))
    archive.file(f"{folder}/modules.dep", lines.encode())
    archive.file(f"{folder}/modules.dep.bb", b"")
