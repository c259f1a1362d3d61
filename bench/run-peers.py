#!/usr/bin/env python3
"""Measures peers on the guest benchmarks and on a Linux boot.  See README.md.

  run-peers.py setup                 build the guests, get v86, the Debian kernels and busybox
  run-peers.py count                 guest instructions of each kernel (QEMU, icount)
  run-peers.py guests [-r N] [PEER.. [@32|@64]]   paired runs: native and QEMU before each peer
  run-peers.py linux  [-r N] [PEER.. [@32|@64]]   the same with the Linux boot
  run-peers.py report                print the tables (Markdown) from all results so far

Each kernel is timed from outside: host clock and the emulator process's own CPU time when its
BEGIN and END lines arrive.  Results are appended to $BENCH_WORK/results.jsonl.
"""
import json, math, os, re, shlex, shutil, signal, statistics, subprocess, sys, time
from pathlib import Path

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
MIPS_OF = ["sieve", "matmul", "qsort", "fib", "chase", "sha256", "crc32", "arith", "x87", "sse2", "dispatch", "cross"]

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

def image(peer, bits, cmdline):
    data = bytearray((WORK / "guests" / f"bench{bits}.img").read_bytes())
    data[512:1024] = cmdline.encode().ljust(512, b"\0")
    out = WORK / f"run-{peer}-{bits}.img"
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

def guest_cmd(peer, bits, words):
    if peer == "native":
        return [str(WORK / "guests" / f"native{bits}")] + words.split()
    if peer == "qemu-kvm":                          # ring 3 only: see README
        return [QEMU, "-accel", "kvm", "-cpu", "host", "-m", "256", "-display", "none", "-serial", "stdio", "-monitor", "none",
                "-net", "none", "-kernel", str(WORK / "guests" / f"bench{bits}.bin"), "-append", "user compute"]
    if peer.startswith("trivium-"):                 # trivium-ENGINE, once "./trivium build" has run
        return [TRIVIUM, "boot", "--engine", peer.split("-", 1)[1], "--memory", "256", "--serial", "stdio", "--debug-exit",
                "--kernel", str(WORK / "guests" / f"bench{bits}.bin"), "--append", words]
    img = image(peer, bits, words)
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
    try:
        f = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(map(int, f[11:15])) / TICK       # its own and its ended children's
    except OSError:
        return None

def measure(argv, limit):
    """Returns {name: {wall, cpu, sum} or {fail: text}} and the time of the first line of interest."""
    env = dict(os.environ, V86_DIR=V86_DIR, LANG="C")
    t0 = time.monotonic()
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env, cwd=WORK)
    os.set_blocking(p.stdout.fileno(), False)
    out, begun, buf, done = {}, {}, b"", False
    while not done:
        if time.monotonic() - t0 > limit:
            for n in begun:
                out.setdefault(n, {"fail": f"over the limit of {limit} s"})
            break
        try:
            d = os.read(p.stdout.fileno(), 65536)
            if not d:
                break
        except BlockingIOError:
            time.sleep(0.0005)
            continue
        now, cpu = time.monotonic(), cpu_of(p.pid)
        buf += d
        while b"\n" in buf:
            line, buf = buf.split(b"\n", 1)
            line = line.decode("latin1").strip()
            m = re.search(r"(BENCH-GUEST|GUEST-UP|BEGIN|END|SKIP|FAIL|DONE)\b ?(\S*) ?(.*)", line)
            if not m:
                continue
            w, name, rest = m.groups()
            if w in ("BENCH-GUEST", "GUEST-UP"):
                out["boot"] = {"wall": now - t0, "cpu": cpu}
            elif w == "BEGIN":
                begun[name] = (now, cpu)
            elif w == "END" and name in begun:
                b, c = begun.pop(name)
                r = rest.split()
                if len(r) == 3 and "." in r[1]:     # native: it times itself
                    out[name] = {"wall": float(r[1]), "cpu": float(r[2]), "sum": r[0]}
                else:
                    out[name] = {"wall": now - b, "cpu": cpu - c if cpu is not None and c is not None else None, "sum": r[0] if r else ""}
                    if len(r) > 1 and r[1].startswith("tsc="):
                        out[name]["tsc"] = int(r[1][4:], 16)
            elif w in ("SKIP", "FAIL"):
                begun.pop(name, None)
                out[name] = {"fail": (w + " " + rest).strip()}
            elif w == "DONE":
                done = True
    for n in begun:
        out.setdefault(n, {"fail": "the emulator ended"})
    p.send_signal(signal.SIGKILL)
    p.wait()
    return out

def record(kind, peer, bits, pair, res):
    with open(WORK / "results.jsonl", "a") as f:
        f.write(json.dumps({"kind": kind, "peer": peer, "bits": bits, "pair": pair, "t": time.time(), "load": os.getloadavg()[0], "res": res}) + "\n")
    print(kind, peer, bits, " ".join(f"{n}={v['cpu']:.2f}/{v['wall']:.2f}" if v.get("cpu") is not None else f"{n}:{v.get('fail', '?')}" for n, v in res.items()), flush=True)

def avail(kind, bits):
    out = ["trivium-interpreter"] + (["v86"] if bits == "32" else [])
    if BOCHS_OPT: out.append("bochs-opt")
    if shutil.which(BOCHS): out.append("bochs-deb")
    if kind == "guests" and bits == "32" and JPC_CMD: out.append("jpc")
    if kind == "guests" and bits == "64" and os.path.exists("/dev/kvm"): out.append("qemu-kvm")
    return out

def run(kind, args):
    rounds, only, widths = 3, [], ["32", "64"]
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
                    for q in ("native", "qemu", peer):
                        record(kind, q, bits, pair, measure(guest_cmd(q, bits, "compute" if q == "native" else "all"), 900))
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

def med(v):
    v = [x for x in v if x is not None]
    return statistics.median(v) if v else None

def report():
    rows = [json.loads(l) for l in open(WORK / "results.jsonl")]
    insns = json.loads((WORK / "insns.json").read_text()) if (WORK / "insns.json").exists() else {}
    for kind in ("guests", "linux"):
        for bits in ("32", "64"):
            sel = [r for r in rows if r["kind"] == kind and r["bits"] == bits]
            if not sel: continue
            order = ["native", "qemu", "qemu-iso", "qemu-kvm", *sorted({r["peer"] for r in sel if r["peer"].startswith("trivium-")}), "v86", "bochs-opt", "bochs-deb", "jpc"]
            peers = [p for p in order if any(r["peer"] == p for r in sel)]
            names = []
            for r in sel:
                for n in r["res"]:
                    if n not in names: names.append(n)
            ref = {}
            for r in sel:
                if r["peer"] in ("qemu", "qemu-iso"): ref[r["pair"]] = r["res"]
            sums = {n: (med_sum(sel, n)) for n in names}
            print(f"\n### {kind}, {bits}-bit: CPU seconds (median of n)\n")
            print("| kernel | " + ("M insns | " if kind == "guests" else "") + " | ".join(f"{p} (n={sum(r['peer'] == p for r in sel)})" for p in peers) + " |")
            print("| --- |" + " ---: |" * (len(peers) + (kind == "guests")))
            for n in names:
                cells = []
                for p in peers:
                    rs = [r["res"].get(n) for r in sel if r["peer"] == p]
                    ok = [x for x in rs if x and x.get("cpu") is not None]
                    bad = [x for x in rs if x and "fail" in x]
                    if ok:
                        wrong = {x.get("sum") for x in ok if x.get("sum")} - {sums[n]}
                        v = med([x["wall"] if n in ("timer", "tick") else x["cpu"] for x in ok])
                        cells.append(f"{v:.3f}" + (" ✗sum" if wrong else ""))
                    else:
                        cells.append(bad[0]["fail"][:40] if bad else "–")
                ins = insns.get(bits, {}).get(n)
                print(f"| {n}{' (wall)' if n in ('timer', 'tick') else ''} | " + ((f"{ins / 1e6:.0f} | " if ins and n not in ("timer", "tick") else " | ") if kind == "guests" else "") + " | ".join(cells) + " |")
            print(f"\n### {kind}, {bits}-bit: times the CPU time of QEMU TCG run next to it (median of paired ratios; below 1 is faster than TCG)\n")
            others = [p for p in peers if p not in ("qemu", "qemu-iso")]
            print("| kernel | " + " | ".join(others) + " | QEMU, times native |")
            print("| --- |" + " ---: |" * (len(others) + 1))
            geo_in = []
            for n in names:
                if n in ("timer", "tick") or (n == "boot" and kind == "guests"): continue
                cells = []
                inv = []
                for p in others:
                    q = []
                    for r in sel:
                        if r["peer"] != p: continue
                        a, b = r["res"].get(n, {}).get("cpu"), ref.get(r["pair"], {}).get(n, {}).get("cpu")
                        if a and b:
                            q.append(a / b)
                            if p == "native": inv.append(b / a)
                    cells.append(f"{med(q):.2f}" if q else "–")
                geo_in.append((n, cells, med(inv)))
                print(f"| {n} | " + " | ".join(cells) + (f" | {med(inv):.1f} |" if inv else " | – |"))
            rows_ = [g for g in geo_in if g[0] in MIPS_OF] if kind == "guests" else geo_in
            if rows_:
                geo = []
                for i in range(len(others)):
                    v = [float(g[1][i]) for g in rows_ if g[1][i] not in ("–", "0.00")]
                    geo.append(f"**{math.exp(sum(map(math.log, v)) / len(v)):.2f}**" if v else "–")
                inv = [g[2] for g in rows_ if g[2]]
                print("| geometric mean" + (" (" + " ".join(MIPS_OF) + ")" if kind == "guests" else "") + " | " + " | ".join(geo)
                      + (f" | **{math.exp(sum(map(math.log, inv)) / len(inv)):.1f}** |" if inv else " | – |"))
            if kind == "guests" and insns.get(bits):
                print(f"\n### guests, {bits}-bit: million guest instructions per CPU second\n")
                print("| kernel | " + " | ".join(peers) + " |\n| --- |" + " ---: |" * len(peers))
                for n in MIPS_OF:
                    cells = []
                    for p in peers:
                        v = med([r["res"].get(n, {}).get("cpu") for r in sel if r["peer"] == p])
                        cells.append(f"{insns[bits][n] / 1e6 / v:.0f}" if v else "–")
                    print(f"| {n} | " + " | ".join(cells) + " |")

def med_sum(sel, n):
    for p in ("native", "qemu", "qemu-iso"):
        for r in sel:
            if r["peer"] == p and r["res"].get(n, {}).get("sum"): return r["res"][n]["sum"]
    return None

if __name__ == "__main__":
    a = sys.argv[1:] or ["help"]
    if a[0] == "setup": setup()
    elif a[0] == "count": count()
    elif a[0] in ("guests", "linux"): run(a[0], a[1:])
    elif a[0] == "report": report()
    else: print(__doc__)
