package trivium.x86.conformance;

import static trivium.x86.conformance.Layout.A;
import static trivium.x86.conformance.Layout.ALL;
import static trivium.x86.conformance.Layout.D;
import static trivium.x86.conformance.Layout.P;
import static trivium.x86.conformance.Layout.PS;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import trivium.memory.MemoryListener;
import trivium.mmu.Mmu;

/** Where tables may lie: in themselves, in ROM, in a device, beside code, nowhere. */
final class Places {
    private static final int USER_READ = Mmu.READ | Mmu.USER, USER_WRITE = Mmu.WRITE | Mmu.USER;

    private Places() {}

    static void cases(Map<String, Consumer<Board>> to) {
        to.put("tables that map themselves", Places::themselves);
        to.put("a page that is its own table", Places::ownTable);
        to.put("tables in ROM", Places::rom);
        to.put("tables in a device", Places::device);
        to.put("tables where nothing is", Places::nowhere);
        to.put("tables beside code", Places::code);
        to.put("tables in memory that moves", Places::banks);
        to.put("closing leaves no listener", Places::closing);
    }

    /** The last entry of the top table is that table: a walk through it ends one level early. */
    private static void themselves(Board b) {
        if (b.layout.large() || b.layout.pae()) {
            return;
        }
        long linear = 0x40_0000;
        b.map(linear, b.frame(9), ALL);
        int shift = b.layout.shifts[0];
        long last = 4096 / b.layout.entryBytes - 1;
        long at = b.root() + last * b.layout.entryBytes;
        b.set(at, b.root() | ALL);
        long window = b.layout.longMode() ? -1L << shift : last << shift;
        // All tables but the last level are seen there: the directory of this address.
        long table = b.leafAt(linear) & Board.PAGE;
        int bits = b.layout.longMode() ? 9 : 10;
        long seen = window | linear >>> bits & (1L << shift) - 1 & Board.PAGE;
        b.same("the table", b.page(seen), table);
        b.holds("the entry is accessed", (b.get(at) & A) != 0);
        b.holds("a write", b.translate(seen, USER_WRITE) != Mmu.FAULT);
        long top = b.layout.longMode() ? -4096 : 0xffff_f000L;
        b.same("the top table", b.page(top), b.root());
        b.holds("a write of the top", b.translate(top, USER_WRITE) != Mmu.FAULT);
        b.holds("is dirty as a page", (b.get(at) & (A | D)) == (A | D));
        b.map(linear, b.frame(10), ALL);
        b.mmu.flushPage(linear);
        b.same("a change by that way", b.page(linear), b.frame(10));
    }

    private static void ownTable(Board b) {
        if (b.layout.large()) {
            return;
        }
        long linear = 0x7000;
        long at = b.leafAt(linear), table = at & Board.PAGE;
        b.map(linear, table, ALL);
        b.same("the page", b.translate(linear, USER_WRITE) & Board.PAGE, table);
        b.same("its entry", b.get(at), table | ALL | A | D);
        b.set(at, table | P);
        b.mmu.flushPage(linear);
        b.faults("it took its own rights", linear, USER_WRITE, 7);
    }

    private static void moveLeafTable(Board b, long linear, long to) {
        long top = b.at(linear, Math.max(0, b.layout.leaf() - 1));
        if (b.layout.leaf() > 0) {
            b.set(top, to | ALL);
        } else if (b.layout.pae()) {
            b.s.pdpte[(int) (linear >>> 30) & 3] = to | P;
        } else {
            b.s.cr3 = to;
        }
        b.mmu.flushAll();
    }

    private static long entryIn(Board b, long table, long linear) {
        return table + (long) b.layout.index(linear, b.layout.leaf()) * b.layout.entryBytes;
    }

    private static void rom(Board b) {
        long linear = 0x40_0000, at = entryIn(b, BoardMemory.ROM, linear);
        long entry = b.frame(3) | ALL | b.layout.leafBits();
        b.memory.burn(at, b.layout.entryBytes, entry);
        moveLeafTable(b, linear, BoardMemory.ROM);
        b.same("a read", b.page(linear), b.frame(3));
        for (int i = 0; i < 2; i++) {
            long answer = b.translate(linear, USER_WRITE);
            b.holds("a write", answer != Mmu.FAULT);
            b.same("a write", answer & Board.PAGE, b.frame(3));
        }
        b.same("the entry", b.get(at), entry);
    }

    private static void device(Board b) {
        long linear = 0x40_0000, at = entryIn(b, BoardMemory.DEVICE, linear);
        long entry = b.frame(3) | ALL | b.layout.leafBits();
        b.set(at, entry);
        moveLeafTable(b, linear, BoardMemory.DEVICE);
        b.same("a read", b.page(linear), b.frame(3));
        b.same("is accessed", b.get(at), entry | A);
        b.same("a write", b.translate(linear, USER_WRITE) & Board.PAGE, b.frame(3));
        b.same("is dirty", b.get(at), entry | A | D);
        b.set(at, 0);
        b.mmu.flushPage(linear);
        b.faults("nothing", linear, USER_READ, 4);
    }

    /** Reads of nothing give all ones. */
    private static void nowhere(Board b) {
        long linear = 0x40_0000;
        moveLeafTable(b, linear, 0x3_0000_0000L & (b.layout.wide() ? -1L : 0) | 0xf000_0000L);
        if (b.layout == Layout.BITS32) {
            b.same("all ones are a page", b.page(linear), 0xffff_f000L);
            b.holds("a write", b.translate(linear, USER_WRITE) != Mmu.FAULT);
        } else {
            b.faults("all ones have reserved bits", linear, USER_READ, 0xd);
        }
    }

    private static void code(Board b) {
        long linear = 0x40_0000;
        b.map(linear, b.frame(3), ALL);
        long at = b.leafAt(linear);
        AtomicInteger writes = new AtomicInteger();
        var listener =
                new MemoryListener() {
                    @Override
                    public void mappingChanged() {}

                    @Override
                    public void codeTracked(long gpa) {}

                    @Override
                    public void codeWritten(long gpa, int length) {
                        if (gpa <= at && at < gpa + length) {
                            writes.incrementAndGet();
                        }
                    }
                };
        b.mmu.probe(linear);
        b.page(0x80_0000);
        b.memory.addListener(listener);
        b.memory.trackCode(at);
        b.same("a read", b.page(linear), b.frame(3));
        b.holds("the accessed bit is a store to code", writes.get() == 1);
        b.translate(linear, USER_WRITE);
        b.holds("so is the dirty bit", writes.get() == 2);
        b.same("the entry", b.get(at), b.frame(3) | ALL | A | D | b.layout.leafBits());
        b.memory.untrackCode(at);
        b.set(at, b.frame(4) | ALL | b.layout.leafBits());
        b.mmu.flushPage(linear);
        b.translate(linear, USER_WRITE);
        b.same("not watched any more", b.get(at) & (A | D), A | D);
        b.holds("nobody is told", writes.get() == 2);
        b.memory.removeListener(listener);
    }

    private static void banks(Board b) {
        long linear = 0x40_0000, at = entryIn(b, BoardMemory.WINDOW, linear);
        moveLeafTable(b, linear, BoardMemory.WINDOW);
        b.set(at, b.frame(1) | ALL | b.layout.leafBits());
        b.same("one bank", b.page(linear), b.frame(1));
        b.memory.switchBank();
        b.set(at, b.frame(2) | ALL | b.layout.leafBits());
        b.mmu.flushAll();
        b.translate(linear, USER_WRITE);
        b.same("another bank", b.page(linear), b.frame(2));
        b.same("its bits", b.get(at) & (A | D), A | D);
        b.memory.switchBank();
        b.mmu.flushAll();
        b.same("the first again", b.page(linear), b.frame(1));
        b.same("its bits", b.get(at) & (A | D), A);
        b.same("PS", b.get(at) & PS, b.layout.leafBits());
    }

    private static void closing(Board b) {
        b.map(0, b.frame(1), ALL);
        b.page(0);
        b.mmu.close();
        b.same("listeners left", b.memory.listeners(), 0);
    }
}
