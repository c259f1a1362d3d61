#!/usr/bin/env python3
"""Measures peers on the guest benchmarks and on a Linux boot.  See README.md.

  run-peers.py setup                 build the guests, get v86, the Debian kernels and busybox
  run-peers.py count                 guest instructions of each kernel (QEMU, icount)
  run-peers.py guests [-r N] [PEER.. [@32|@64]]   paired runs: native and QEMU before each peer
  run-peers.py linux  [-r N] [PEER.. [@32|@64]]   the same with the Linux boot
  run-peers.py nano   [-r N] [PEER.. [@32|@64]]   the same with the nano-benchmarks
  run-peers.py report [FILE]         print the tables (Markdown) of all results so far, or put them
                                     into FILE between its lines "<!-- tables" and "<!-- end"

Each kernel is timed from outside: host clock and the emulator process's own CPU time when its
BEGIN and END lines arrive.  Results are appended to $BENCH_WORK/results.jsonl.
"""
import json, os, re, select, shlex, shutil, signal, subprocess, sys, time
from pathlib import Path
from tables import report

HERE = Path(__file__).resolve().parent
WORK = Path(os.environ.get("BENCH_WORK", HERE / "work")).resolve()
GUESTS = Path(os.environ.get("BENCH_GUESTS", HERE / "guests"))
TRIVIUM = os.environ.get("TRIVIUM", str(HERE.parent / "trivium"))
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
BOCHS = os.environ.get("BOCHS", "bochs")                # Debian's: has the debugger built in
BOCHS_OPT = os.environ.get("BOCHS_OPT", "")             # one without debugger, all optimisations
BOCHS_BIOS = os.environ.get("BOCHS_BIOS", "/usr/share/bochs")
ISOLINUX = os.environ.get("ISOLINUX", "/usr/lib/ISOLINUX/isolinux.bin")
LDLINUX = os.environ.get("LDLINUX", "/usr/lib/syslinux/modules/bios/ldlinux.c32")
V86_DIR = os.environ.get("V86_DIR", str(WORK / "v86" / "node_modules" / "v86"))
JPC_CMD = os.environ.get("JPC_CMD", "")                 # boots the floppy image {img} ({ram} MiB), COM1 to stdout
K = {"32": os.environ.get("KERNEL32", str(WORK / "vmlinuz32")), "64": os.environ.get("KERNEL64", str(WORK / "vmlinuz64"))}
APPEND = "console=ttyS0 panic=-1 quiet"
TICK = os.sysconf("SC_CLK_TCK")
COMMIT = subprocess.run(["git", "-C", str(HERE), "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()

def sh(cmd, **kw):
    print("+", cmd, file=sys.stderr)
    subprocess.run(cmd, shell=True, check=True, **kw)

def setup():
    WORK.mkdir(parents=True, exist_ok=True)
    build = WORK / "guests"
    shutil.copytree(GUESTS, build, dirs_exist_ok=True)
    sh("make -s all", cwd=build)
    if not Path(V86_DIR).exists():
        (WORK / "v86").mkdir(exist_ok=True)
        sh("npm init -y >/dev/null && npm i v86", cwd=WORK / "v86")
    debs = WORK / "debs"
    debs.mkdir(exist_ok=True)
    for bits, arch, flavour in (("32", "i386", "686"), ("64", "amd64", "amd64")):
        d = debs / arch
        if not d.exists():
            d.mkdir()
            meta = subprocess.run(["apt-cache", "depends", f"linux-image-{flavour}:{arch}"], capture_output=True, text=True).stdout
            pkg = re.search(r"linux-image-[0-9]+\.[^\s:]*", meta).group(0)
            sh(f"apt-get download {pkg}:{arch} busybox-static:{arch}", cwd=d)
            for f in d.glob("*.deb"):
                sh(f"dpkg -x '{f.name}' x", cwd=d)
        if not Path(K[bits]).exists():
            shutil.copy(next((d / "x/boot").glob("vmlinuz-*")), K[bits])
        sh(f"'{HERE}/linux/mk-initrd.sh' '{d}/x/bin/busybox' '{WORK}/initrd{bits}.gz'")
        iso = WORK / f"iso{bits}"
        (iso / "isolinux").mkdir(parents=True, exist_ok=True)
        for f in (ISOLINUX, LDLINUX):
            shutil.copy(f, iso / "isolinux")
        shutil.copy(K[bits], iso / "vmlinuz")
        shutil.copy(WORK / f"initrd{bits}.gz", iso / "initrd.gz")
        (iso / "isolinux/isolinux.cfg").write_text(f"DEFAULT l\nPROMPT 0\nTIMEOUT 0\nLABEL l\n KERNEL /vmlinuz\n APPEND initrd=/initrd.gz {APPEND}\n")
        sh(f"xorriso -as mkisofs -quiet -o '{WORK}/linux{bits}.iso' -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table '{iso}'")

def image(peer, program, cmdline):
    data = bytearray((WORK / "guests" / f"{program}.img").read_bytes())
    data[512:1024] = cmdline.encode().ljust(512, b"\0")
    out = WORK / f"run-{peer}-{program}.img"
    out.write_bytes(data)
    return out

def bochs(peer, bits, what, disk):
    deb = peer == "bochs-deb"
    rc = WORK / f"{peer}-{what}-{bits}.rc"
    drive = (f"floppya: 1_44={disk}, status=inserted, write_protected=1\nboot: floppy\n" if what == "guest" else
             f"ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14\nata0-master: type=cdrom, path={disk}, status=inserted\nboot: cdrom\n")
    rc.write_text("config_interface: textconfig\n"
        + ('display_library: rfb, options="timeout=0"\nsound: driver=dummy\nspeaker: enabled=0\n' if deb else "display_library: nogui\n")
        + f"megs: 256\nromimage: file={BOCHS_BIOS}/BIOS-bochs-latest\nvgaromimage: file={BOCHS_BIOS}/VGABIOS-lgpl-latest\n"
        "cpu: model=corei7_sandy_bridge_2600k, count=1, ips=100000000, reset_on_triple_fault=0\n" + drive +
        f"com1: enabled=1, mode=file, dev=/dev/stdout\nclock: sync=none\nlog: {rc}.log\n"
        "panic: action=fatal\nerror: action=ignore\ninfo: action=ignore\ndebug: action=ignore\n")
    go = WORK / "bochs-go"
    go.write_text("c\n")
    return [BOCHS, "-q", "-f", str(rc), "-rc", str(go)] if deb else [BOCHS_OPT, "-q", "-f", str(rc)]

def guest_cmd(peer, bits, words, program="bench"):
    if peer == "native":
        return [str(WORK / "guests" / f"native{'' if program == 'bench' else '-' + program}{bits}")] + words.split()
    program += bits
    if peer == "qemu-kvm":                          # ring 3 only: see README
        return [QEMU, "-accel", "kvm", "-cpu", "host", "-m", "256", "-display", "none", "-serial", "stdio", "-monitor", "none",
                "-net", "none", "-kernel", str(WORK / "guests" / f"{program}.bin"), "-append", "user compute"]
    if peer.startswith("trivium-"):                 # trivium-ENGINE, once "./trivium build" has run
        return [TRIVIUM, "boot", "--engine", peer.split("-", 1)[1], "--memory", "256", "--serial", "stdio", "--debug-exit",
                "--kernel", str(WORK / "guests" / f"{program}.bin"), "--append", words]
    img = image(peer, program, words)
    if peer == "qemu":
        return [QEMU, "-accel", "tcg,thread=single", "-m", "256", "-display", "none", "-serial", "stdio", "-monitor", "none",
                "-net", "none", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-drive", f"file={img},format=raw,if=floppy", "-boot", "a"]
    if peer.startswith("bochs"):
        return bochs(peer, bits, "guest", img)
    if peer == "v86":
        return ["node", str(HERE / "run-v86.mjs"), "floppy", str(img)]
    if peer == "jpc":
        return shlex.split(JPC_CMD.format(img=img, ram=128))
    raise SystemExit(f"no peer {peer}")

def linux_cmd(peer, bits):
    if peer == "native":                            # the workloads only, with the guest's own busybox
        t = WORK / f"native-tmp{bits}"
        t.mkdir(exist_ok=True)
        b = WORK / "debs" / {"32": "i386", "64": "amd64"}[bits] / "x/bin/busybox"
        return ["env", f"B={b}", f"T={t}", str(b), "sh", str(HERE / "linux" / "init")]
    if peer == "qemu":
        return [QEMU, "-accel", "tcg,thread=single", "-m", "256", "-display", "none", "-serial", "stdio", "-monitor", "none",
                "-net", "none", "-no-reboot", "-kernel", K[bits], "-initrd", str(WORK / f"initrd{bits}.gz"), "-append", APPEND]
    if peer == "qemu-iso":                          # the boot as Bochs does it, firmware and boot loader included
        return [QEMU, "-accel", "tcg,thread=single", "-m", "256", "-display", "none", "-serial", "stdio", "-monitor", "none",
                "-net", "none", "-no-reboot", "-cdrom", str(WORK / f"linux{bits}.iso"), "-boot", "d"]
    if peer.startswith("bochs"):
        return bochs(peer, bits, "linux", WORK / f"linux{bits}.iso")
    if peer.startswith("trivium-"):
        return [TRIVIUM, "boot", "--engine", peer.split("-", 1)[1], "--memory", "256", "--serial", "stdio",
                "--kernel", K[bits], "--initrd", str(WORK / f"initrd{bits}.gz"), "--append", APPEND]
    if peer == "v86":
        return ["node", str(HERE / "run-v86.mjs"), "linux", K[bits], str(WORK / f"initrd{bits}.gz"), APPEND]
    raise SystemExit(f"no peer {peer} for linux")

def cpu_of(pid):
    """CPU seconds of a process, all its threads and its ended children."""
    try:
        own = time.clock_gettime(~pid << 3 | 2)     # its CPU-time clock, in nanoseconds: <linux/posix-timers.h>
        f = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return own + sum(map(int, f[13:15])) / TICK
    except OSError:
        return None

class Lines:
    """What a guest's lines say of its progress."""
    def __init__(self):
        self.t0, self.out, self.begun, self.done = time.monotonic(), {}, {}, False

    def take(self, line, now, cpu):
        m = re.search(r"(BENCH-GUEST|GUEST-UP|BEGIN|END|SKIP|FAIL|DONE|vm boot: running)\b ?(\S*) ?(.*)", line)
        if not m:
            return
        w, name, rest = m.groups()
        if w == "vm boot: running":                 # Trivium: the JVM and the VM are there, the guest starts
            self.out["start"] = {"wall": now - self.t0, "cpu": cpu}
        elif w in ("BENCH-GUEST", "GUEST-UP"):
            self.out["boot"] = {"wall": now - self.t0, "cpu": cpu}
        elif w == "BEGIN":
            self.begun[name] = (now, cpu)
        elif w == "END" and name in self.begun:
            self.end(name, rest.split(), now, cpu)
        elif w in ("SKIP", "FAIL"):
            self.begun.pop(name, None)
            self.out[name] = {"fail": (w + " " + rest).strip()}
        elif w == "DONE":
            self.done = True

    def end(self, name, r, now, cpu):
        b, c = self.begun.pop(name)
        if len(r) == 3 and "." in r[1]:             # native: it times itself
            self.out[name] = {"wall": float(r[1]), "cpu": float(r[2]), "sum": r[0]}
            return
        both = cpu is not None and c is not None
        self.out[name] = {"wall": now - b, "cpu": cpu - c if both else None, "sum": r[0] if r else ""}
        for key, value in (x.split("=") for x in r[1:] if "=" in x):
            self.out[name][key] = int(value, 16)    # tsc, ops

def measure(argv, limit):
    """Returns {name: {wall, cpu, sum} or {fail: text}}; "start" and "boot" count from the start of the process."""
    env = dict(os.environ, V86_DIR=V86_DIR, LANG="C")
    env["EXTRA_JAVA_OPTS"] = env.get("EXTRA_JAVA_OPTS", "") + " -Dorg.slf4j.simpleLogger.log.trivium.machine.life=info"
    lines = Lines()
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env, cwd=WORK)
    buf = {p.stdout.fileno(): b"", p.stderr.fileno(): b""}
    while buf and not lines.done:
        left = lines.t0 + limit - time.monotonic()
        ready = select.select(list(buf), [], [], max(0, left))[0]
        if not ready:
            for n in lines.begun:
                lines.out.setdefault(n, {"fail": f"over the limit of {limit} s"})
            break
        now, cpu = time.monotonic(), cpu_of(p.pid)
        for fd in ready:
            d = os.read(fd, 65536)
            *whole, rest = (buf[fd] + d).split(b"\n")
            for line in whole:
                lines.take(line.decode("latin1").strip(), now, cpu)
            if d:
                buf[fd] = rest
            else:
                del buf[fd]
    for n in lines.begun:
        lines.out.setdefault(n, {"fail": "the emulator ended"})
    p.send_signal(signal.SIGKILL)
    p.wait()
    return lines.out

def record(kind, peer, bits, pair, res):
    with open(WORK / "results.jsonl", "a") as f:
        f.write(json.dumps({"kind": kind, "peer": peer, "bits": bits, "pair": pair, "t": time.time(), "load": os.getloadavg()[0],
                            "commit": COMMIT, "res": res}) + "\n")
    print(kind, peer, bits, " ".join(f"{n}={v['cpu']:.2f}/{v['wall']:.2f}" if v.get("cpu") is not None else f"{n}:{v.get('fail', '?')}" for n, v in res.items()), flush=True)

def avail(kind, bits):
    out = ["trivium-bt", "trivium-interpreter"] + (["v86"] if bits == "32" and kind != "nano" else [])
    if BOCHS_OPT: out.append("bochs-opt")
    if shutil.which(BOCHS): out.append("bochs-deb")
    if kind == "guests" and bits == "32" and JPC_CMD: out.append("jpc")
    if kind == "guests" and bits == "64" and os.path.exists("/dev/kvm"): out.append("qemu-kvm")
    return out

def run(kind, args):
    rounds, only, widths = 5, [], ["32", "64"]
    it = iter(args)
    for a in it:
        if a == "-r": rounds = int(next(it))
        elif a.startswith("@"): widths = [a[1:]]
        else: only.append(a)
    for r in range(rounds):
        for bits in widths:
            peers = [p for p in (only or avail(kind, bits))]
            for peer in peers:
                pair = f"{int(time.time())}-{os.getpid()}-{r}-{peer}-{bits}"
                if kind == "guests":
                    for q in dict.fromkeys(("native", "qemu", peer)):
                        record(kind, q, bits, pair, measure(guest_cmd(q, bits, "compute" if q == "native" else "all"), 900))
                elif kind == "nano":                # of two runs in a process the second counts
                    for q in dict.fromkeys(("native", "qemu", peer)):
                        record(kind, q, bits, pair, measure(guest_cmd(q, bits, "n=2 all", "nano"), 900))
                else:
                    for q in dict.fromkeys(("native", "qemu-iso" if peer.startswith("bochs") else "qemu", peer)):
                        record(kind, q, bits, pair, measure(linux_cmd(q, bits), 900))

def count():
    res = {}
    for bits in ("32", "64"):
        argv = guest_cmd("qemu", bits, "tsc all") + ["-icount", "shift=0,sleep=off"]
        res[bits] = {n: v["tsc"] for n, v in measure(argv, 600).items() if "tsc" in v}
    (WORK / "insns.json").write_text(json.dumps(res))
    print(json.dumps(res, indent=1))

if __name__ == "__main__":
    a = sys.argv[1:] or ["help"]
    if a[0] == "setup": setup()
    elif a[0] == "count": count()
    elif a[0] in ("guests", "linux", "nano"): run(a[0], a[1:])
    elif a[0] == "report": report(WORK, *a[1:])
    else: print(__doc__)
