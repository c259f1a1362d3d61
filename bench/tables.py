"""Markdown tables of what run-peers.py measured."""
import json, math, re, statistics
from pathlib import Path

# their instructions can be counted fairly, and nothing but the CPU matters
COMPUTE = ["sieve", "matmul", "qsort", "fib", "chase", "sha256", "crc32", "arith", "x87", "sse2", "dispatch", "cross"]
WALL = ("timer", "tick")                            # they wait: the host's clock counts, and no ratio
ORDER = ["native", "qemu", "qemu-iso", "qemu-kvm", "trivium-bt", "trivium-interpreter", "v86", "bochs-opt", "bochs-deb", "jpc"]
TCG = ("qemu", "qemu-iso")
NAMES = {"qemu": "QEMU TCG", "qemu-iso": "QEMU TCG (ISO)", "qemu-kvm": "QEMU KVM"}

def med(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None

def num(v):
    return "–" if v is None else f"{v:.0f}" if v >= 1000 else f"{v:.3g}"

def geo(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None

class Runs:
    """All runs of one kind and width."""
    def __init__(self, rows, kind, bits):
        self.rows = [r for r in rows if r["kind"] == kind and r["bits"] == bits]
        there = {r["peer"] for r in self.rows}
        self.peers = [p for p in ORDER if p in there] + sorted(there - set(ORDER))
        self.names = list(dict.fromkeys(n for r in self.rows for n in r["res"]))
        self.tcg = {r["pair"]: r["res"] for r in self.rows if r["peer"] in TCG}
        for r in self.rows:                         # the guest's own part of the time to its first line
            s, b = r["res"].get("start"), r["res"].get("boot")
            if s and b and None not in (s["cpu"], b["cpu"]):
                r["res"]["boot without start"] = {k: b[k] - s[k] for k in ("cpu", "wall")}
        if any("boot without start" in r["res"] for r in self.rows):
            self.names = ["start", "boot", "boot without start"] + [n for n in self.names if n not in ("start", "boot")]

    def count(self, peer):
        return sum(r["peer"] == peer for r in self.rows)

    def title(self, peer):
        return f"{NAMES.get(peer, peer)} (n={self.count(peer)})"

    def each(self, peer, name):
        return [r["res"][name] for r in self.rows if r["peer"] == peer and name in r["res"]]

    def value(self, peer, name, key):
        return med([x.get(key) for x in self.each(peer, name)])

    def ratio(self, peer, name, key="cpu"):
        """Median of the ratios to the TCG run beside each run; TCG's whole boot stands for the boot without start."""
        pairs = []
        for r in self.rows:
            ref = self.tcg.get(r["pair"], {}).get("boot" if name == "boot without start" else name, {}).get(key)
            if r["peer"] == peer and ref and r["res"].get(name, {}).get(key):
                pairs.append(r["res"][name][key] / ref)
        return med(pairs)

    def cell(self, peer, name, key="cpu"):
        """A time, or why there is none; marked where the checksum is not the others'."""
        found = self.each(peer, name)
        bad = [x["fail"] for x in found if "fail" in x]
        if bad:
            return bad[0][:40]
        sums = [x["sum"] for q in self.peers for x in self.each(q, name) if x.get("sum")]
        right = statistics.mode(sums) if sums else None
        wrong = any(x.get("sum") not in (None, right) for x in found)
        return num(self.value(peer, name, "wall" if name in WALL else key)) + (" ✗sum" if wrong else "")

def table(head, lines):
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 1)
    yield from ("| " + " | ".join(line) + " |" for line in lines)
    yield ""

def guests(runs, insns):
    absolute = [p for p in runs.peers if p in TCG or p.startswith("trivium-")]
    others = [p for p in runs.peers if p not in TCG]
    fast = [p for p in others if p == "trivium-bt"]
    yield f"CPU seconds, and times TCG's CPU time (below 1 is faster than TCG){'; last: how many times as fast' if fast else ''}:"
    yield ""
    head = ["kernel"] + [runs.title(p) + " s" for p in absolute] + ["÷ TCG: " + runs.title(p) for p in others] + ["TCG ÷ " + p for p in fast]
    lines = []
    for n in runs.names:
        ratios = ["–" if n in WALL else num(runs.ratio(p, n)) for p in others]
        speed = [runs.ratio(p, n) for p in fast]
        lines.append([n + (" (wall)" if n in WALL else "")] + [runs.cell(p, n) for p in absolute] + ratios
                     + ["–" if n in WALL or not v else f"{1 / v:.2f}" for v in speed])
    mean = [geo([runs.ratio(p, n) for n in COMPUTE]) for p in others]
    best = [geo([runs.ratio(p, n) for n in COMPUTE]) for p in fast]
    lines.append(["**geometric mean of " + " ".join(COMPUTE) + "**"] + [""] * len(absolute) + [f"**{num(v)}**" for v in mean]
                 + [f"**{1 / v:.2f}**" if v else "–" for v in best])
    yield from table(head, lines)
    if insns:
        yield "Million guest instructions per CPU second:"
        yield ""
        rate = lambda p, n: (lambda t: insns[n] / 1e6 / t if t and n in insns else None)(runs.value(p, n, "cpu"))
        yield from table(["kernel"] + runs.peers, [[n] + [num(rate(p, n)) for p in runs.peers] for n in COMPUTE]
                         + [["**geometric mean**"] + [num(geo([rate(p, n) for n in COMPUTE])) for p in runs.peers]])

def linux(runs):
    yield "CPU seconds / seconds on the clock; then both times TCG's. `start` is the process until the guest's first instruction, contained in `boot`:"
    yield ""
    others = [p for p in runs.peers if p not in TCG]
    head = ["workload"] + [runs.title(p) for p in runs.peers] + ["÷ TCG: " + p for p in others]
    both = lambda p, n: (lambda c: c if c[:1].isalpha() or c == "–" else f"{c} / {runs.cell(p, n, 'wall')}")(runs.cell(p, n))
    ratios = lambda p, n: (lambda c: "–" if c is None else f"{num(c)} / {num(runs.ratio(p, n, 'wall'))}")(runs.ratio(p, n))
    yield from table(head, [[n] + [both(p, n) for p in runs.peers] + [ratios(p, n) for p in others] for n in runs.names])

def nano(runs, ghz):
    yield f"Host cycles per operation (CPU time at {ghz:.2f} GHz):"
    yield ""
    ops = {n: next((x["ops"] for r in runs.rows for x in [r["res"].get(n, {})] if "ops" in x), None) for n in runs.names}
    def cell(p, n):
        c = runs.cell(p, n)
        v = runs.value(p, n, "cpu")
        return c if v is None else num(v * 1e9 * ghz / ops[n]) + (" ✗sum" if "✗" in c else "")
    yield from table(["operation"] + [runs.title(p) for p in runs.peers],
                     [[n] + [cell(p, n) for p in runs.peers] for n in runs.names if ops[n]])

def tsc_ghz():
    return float(re.search(r"bogomips\s*:\s*([0-9.]+)", Path("/proc/cpuinfo").read_text()).group(1)) / 2000

def lines(work):
    rows = [json.loads(line) for line in open(work / "results.jsonl")]
    counted = work / "insns.json"
    insns = json.loads(counted.read_text()) if counted.exists() else {}
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text()).group(1)
    commits = ", ".join(sorted({r.get("commit", "?") for r in rows}))
    load = med([r["load"] for r in rows])
    yield f"{cpu}; Trivium {commits}; the machine's load was {load:.1f} in the median."
    yield ""
    for kind in ("guests", "linux", "nano"):
        for bits in ("32", "64"):
            runs = Runs(rows, kind, bits)
            if not runs.rows:
                continue
            yield f"### {kind}, {bits}-bit"
            yield ""
            yield from {"guests": lambda: guests(runs, insns.get(bits)), "linux": lambda: linux(runs),
                        "nano": lambda: nano(runs, tsc_ghz())}[kind]()

def report(work, path=None):
    text = "\n".join(lines(work)).rstrip() + "\n"
    if not path:
        print(text)
        return
    page = Path(path)
    new, found = re.subn(r"(<!-- tables.*-->\n).*?(?=<!-- end)", lambda m: m.group(1) + "\n" + text + "\n", page.read_text(), flags=re.S)
    if found != 1:
        raise SystemExit(f"{path}: no lines \"<!-- tables … -->\" and \"<!-- end\"")
    page.write_text(new)
