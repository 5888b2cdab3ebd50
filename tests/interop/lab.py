# SPDX-License-Identifier: GPL-2.0-only
"""A Domain 0 made of Debian's packages alone: kernel, xl, xenstored, xenconsoled; and a small guest.

Everything is unpacked by scripts/fetch-package, nothing is installed. Made once per build directory:

    dom0.cpio   BusyBox, Debian's tools with their libraries and hotplug scripts, our toolstack in /ours
    modules-IMAGE.cpio          the modules of one kernel package for it
    guest-IMAGE.cpio.gz         a guest's ramdisk with its modules for disk and network, then a shell on the console

and boot() starts a script from tests/interop/dom0 in it, on a hypervisor of choice. A script prints "ok NAME" or
"FAIL NAME: WHY" a check, and "@@ ..." for what the tests compare.
"""
import fcntl
import glob
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "system"))
import debian  # pylint: disable=wrong-import-position
import images  # pylint: disable=wrong-import-position
from debian import kernel, package  # pylint: disable=wrong-import-position
from machine import BOOT, BUILD, Machine  # pylint: disable=wrong-import-position

LAB = os.path.join(BUILD, "test", "interop")
PACKAGES = """xen-utils-4.17 xen-utils-common xenstore-utils libxencall1 libxendevicemodel1 libxenevtchn1
    libxenforeignmemory1 libxengnttab1 libxenhypfs1 libxenmisc4.17 libxenstore4 libxentoolcore1 libxentoollog1 libyajl2
    libncurses6 libtinfo6 iproute2 libbpf1 libelf1 libmnl0 libbsd0 libmd0 libcap2 libdb5.3""".split()
XEN_BIN = "usr/lib/xen-4.17/bin"
XEN_TOOLS = """xl xenstored oxenstored xenconsoled xenconsole xen-init-dom0 libxl-save-helper xentop xenperf xen-diag
    lsevtchn xen-cpuid xenpm xen-hptool xenlockprof xenctx xen-lowmemd xencov xentrace xenstore-control xen-ucode
    xen-mfndump xenwatchdogd""".split()
DOM0_MODULES = "xen-privcmd xen-evtchn xen-gntdev xen-gntalloc xenfs xen-netback xen-blkback bridge loop virtio_blk virtio_pci".split()
GUEST_MODULES = "xen-blkfront xen-netfront xen-evtchn xen-gntdev xen-gntalloc xenfs".split()


def made_of(name, source, make):
    """@return the path of the lab's file @name: make(@source), kept for as long as @source is that file"""
    path = f"{LAB}/{name}-{hashlib.sha256(source.encode()).hexdigest()[:12]}"
    if not os.path.exists(path):
        os.makedirs(LAB, exist_ok=True)
        with open(f"{path}.{os.getpid()}.{threading.get_ident()}", "wb") as out:
            out.write(make(source))
        os.rename(out.name, path)
    return path


def xen():
    """@return Debian's hypervisor, unpacked: a multiboot image that QEMU loads directly"""
    def unpack(source):
        with gzip.open(source) as packed:
            return packed.read()
    return made_of("xen.elf", f"{package('xen-hypervisor-4.17-amd64')}/boot/xen-4.17-amd64.gz", unpack)


def guest_kernel():
    """@return Debian's kernel, repacked with gzip, which unpacks faster than its xz"""
    return made_of("vmlinux.gz", kernel(), images.repacked)


def hospes():
    return os.path.join(BOOT, "hospes")


def applets(root):
    os.makedirs(f"{root}/bin", exist_ok=True)
    shutil.copy("/bin/busybox", f"{root}/bin/busybox")
    for applet in subprocess.run(["/bin/busybox", "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout.split():
        if applet != "busybox":
            os.symlink("busybox", f"{root}/bin/{applet}")


def needed(path):
    out = subprocess.run(["readelf", "-d", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return re.findall(r"NEEDED.*\[(.*)\]", out)


def library(name):
    """@return the file of a shared library, from the packages or from this system"""
    roots = [package(p) for p in PACKAGES if p.startswith("lib")] + [""]
    for root in roots:
        for folder in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "lib64"):
            if os.path.exists(f"{root}/{folder}/{name}"):
                return f"{root}/{folder}/{name}"
    raise FileNotFoundError(f"{name}: in no package of PACKAGES (tests/interop/lab.py)")


def program(root, source, target):
    """Copies a program to @target of @root, with every shared library that it needs."""
    os.makedirs(os.path.dirname(f"{root}/{target}"), exist_ok=True)
    shutil.copy(source, f"{root}/{target}")
    todo = needed(source)
    while todo:
        name = todo.pop()
        there = f"{root}/lib64/{name}" if name.startswith("ld-linux") else f"{root}/lib/x86_64-linux-gnu/{name}"
        if os.path.exists(there):
            continue
        os.makedirs(os.path.dirname(there), exist_ok=True)
        shutil.copy(library(name), there)
        todo += needed(there)


def modules(root, names, image="linux-image-amd64"):
    """Copies kernel modules, and writes their order of loading to /lab/modules."""
    os.makedirs(f"{root}/lib/modules", exist_ok=True)
    os.makedirs(f"{root}/lab", exist_ok=True)
    with open(f"{root}/lab/modules", "w", encoding="utf-8") as out:
        for path in debian.modules(names, image):
            shutil.copy(path, f"{root}/lib/modules/")
            out.write(f"/lib/modules/{os.path.basename(path)}\n")


def pack(root, path):
    listing = "\n".join(sorted(subprocess.run(["find", "."], cwd=root, check=True, stdout=subprocess.PIPE,
                                              text=True).stdout.split("\n")[:-1])) + "\n"
    data = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=listing.encode(), check=True,
                          stdout=subprocess.PIPE).stdout
    with (gzip.open if path.endswith(".gz") else open)(path, "wb") as out:
        out.write(data)


def build_dom0(root):
    applets(root)
    for name in "flock stat readlink logger ip losetup sh".split():
        os.path.lexists(f"{root}/bin/{name}") and os.unlink(f"{root}/bin/{name}")
    for name in XEN_TOOLS:
        source = f"{package('xen-utils-4.17')}/{XEN_BIN}/{name}"
        if os.path.exists(source):
            program(root, source, f"{XEN_BIN}/{name}")
    program(root, f"{package('xenstore-utils')}/usr/bin/xenstore", "usr/bin/xenstore")
    for name in "ls read write list rm exists chmod watch".split():
        os.symlink("xenstore", f"{root}/usr/bin/xenstore-{name}")
    for name in "flock logger".split():
        program(root, f"/usr/bin/{name}", f"usr/bin/{name}")
    program(root, "/usr/bin/stat", "usr/bin/stat")
    program(root, "/usr/bin/readlink", "usr/bin/readlink")
    program(root, "/sbin/losetup", "sbin/losetup")
    program(root, "/bin/bash", "bin/bash")
    program(root, f"{package('iproute2')}/bin/ip", "bin/ip")
    os.symlink("bash", f"{root}/bin/sh")
    shutil.copy(library("libgcc_s.so.1"), f"{root}/lib/x86_64-linux-gnu/")  # xl aborts in pthread_cancel without it
    os.makedirs(f"{root}/usr/sbin")
    os.symlink(f"/{XEN_BIN}/xl", f"{root}/usr/sbin/xl")
    shutil.copytree(f"{package('xen-utils-common')}/etc/xen/scripts", f"{root}/etc/xen/scripts")
    shutil.copy(f"{package('xen-utils-common')}/etc/xen/xl.conf", f"{root}/etc/xen/")
    with open(f"{root}/etc/xen/oxenstored.conf", "w", encoding="utf-8") as out:
        out.write("xenstored-kva = /proc/xen/xsd_kva\nxenstored-port = /proc/xen/xsd_port\npersistent = false\n")
    for folder in "lab proc sys dev run/xen run/lock tmp root var/lib/xen var/log/xen/console".split():
        os.makedirs(f"{root}/{folder}")
    os.symlink("../run", f"{root}/var/run")
    os.symlink("../run/lock", f"{root}/var/lock")
    shutil.copytree(os.path.join(BUILD, "toolstack", "bin"), f"{root}/ours", ignore=shutil.ignore_patterns("*.debug"))
    for name in os.listdir(f"{HERE}/dom0"):
        shutil.copy(f"{HERE}/dom0/{name}", f"{root}/lab/{name}")
    os.rename(f"{root}/lab/init", f"{root}/init")
    os.chmod(f"{root}/init", 0o755)


def build_guest(root, image):
    applets(root)
    modules(root, GUEST_MODULES, image)
    for folder in "proc sys dev sbin".split():
        os.makedirs(f"{root}/{folder}")
    for name, text in (("init", open(f"{HERE}/dom0/guest-init", encoding="utf-8").read()),
                       ("sbin/poweroff", "#!/bin/busybox sh\nexec /bin/busybox poweroff -f\n"),
                       ("sbin/reboot", "#!/bin/busybox sh\nexec /bin/busybox reboot -f\n")):
        with open(f"{root}/{name}", "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(f"{root}/{name}", 0o755)


def inputs_hash():
    """What the lab is made of: this file, the scripts, our toolstack's programs."""
    digest = hashlib.sha256()
    for path in sorted(glob.glob(f"{HERE}/lab.py") + glob.glob(f"{HERE}/dom0/*") +
                       glob.glob(f"{BUILD}/toolstack/bin/*[!g]")):
        with open(path, "rb") as data:
            digest.update(path.encode() + data.read())
    return digest.hexdigest()


def once(name, make):
    """Calls @make(an empty folder), which writes the file @name of the lab, unless it is there and made of the same. Tests that run
    side by side wait for each other. @return the file's path"""
    os.makedirs(LAB, exist_ok=True)
    path, tree, stamp, want = f"{LAB}/{name}", f"{LAB}/{name}.tree", f"{LAB}/{name}.stamp", inputs_hash()
    with open(f"{LAB}/lock-{name}", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(stamp) or open(stamp, encoding="utf-8").read() != want:
            shutil.rmtree(tree, ignore_errors=True)
            make(tree)
            pack(tree, path)
            shutil.rmtree(tree)
            with open(stamp, "w", encoding="utf-8") as out:
                out.write(want)
    return path


def dom0_archive():
    return once("dom0.cpio", build_dom0)


def modules_archive(image):
    return once(f"modules-{image}.cpio", lambda root: modules(root, DOM0_MODULES, image))


def guest_ramdisk(image="linux-image-amd64"):
    return once(f"guest-{image}.cpio.gz", lambda root: build_guest(root, image))


def boot(name, hypervisor, script, tools="debian", store="c", files=(), image="linux-image-amd64", memory=1024, cpus=1, timeout=900,
         xen_args="", kernel_args="", qemu=(), icount=False):
    """Runs /lab/@script in Domain 0 on @hypervisor, then powers off.

    @tools: whose xl and xenconsoled ("debian", "ours"); @store: which xenstored ("c", "ocaml", "ours", "none")
    @files: (source, path in Domain 0) pairs, beside the guest's /lab/vmlinuz and /lab/guest.cpio.gz; @image: the package of Domain 0's kernel, None: ours
    @qemu: more arguments for QEMU; @icount: virtual time by instructions
    @return the text of the serial port
    """
    root = os.path.join(LAB, f"{name}.tree")
    shutil.rmtree(root, ignore_errors=True)
    for source, target in [(guest_kernel(), "lab/vmlinuz"), (guest_ramdisk(), "lab/guest.cpio.gz"), *files]:
        os.makedirs(os.path.dirname(f"{root}/{target}"), exist_ok=True)
        shutil.copy(source, f"{root}/{target}")
    pack(root, f"{root}.cpio")
    initrd = os.path.join(LAB, f"{name}.initrd")
    with open(initrd, "wb") as out:
        for part in (dom0_archive(), *([modules_archive(image)] if image else []), f"{root}.cpio"):
            with open(part, "rb") as data:
                shutil.copyfileobj(data, out)
    shutil.rmtree(root)
    os.unlink(f"{root}.cpio")
    vmlinuz = kernel(image) if image else os.path.join(BOOT, "vmlinuz")
    dom0 = f"console=hvc0 quiet lab.script={script} lab.tools={tools} lab.store={store} {kernel_args}".replace(",", ",,")
    with Machine(f"interop-{name}", "-kernel", hypervisor, "-append",
                 f"console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all dom0_mem=512M,max:512M {xen_args}",
                 "-initrd", f"{vmlinuz} {dom0},{initrd}", *qemu, memory=memory, cpus=cpus, net=False, icount=icount) as machine:
        machine.expect(r"LAB: script exited (\d+)", timeout)
        machine.wait_exit(60)
    os.unlink(initrd)
    return machine.text
