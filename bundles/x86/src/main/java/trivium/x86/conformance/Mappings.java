package trivium.x86.conformance;

import static trivium.x86.conformance.Layout.A;
import static trivium.x86.conformance.Layout.ALL;
import static trivium.x86.conformance.Layout.D;
import static trivium.x86.conformance.Layout.G;
import static trivium.x86.conformance.Layout.NX;
import static trivium.x86.conformance.Layout.P;
import static trivium.x86.conformance.Layout.RW;
import static trivium.x86.conformance.Layout.US;

import java.util.Map;
import java.util.function.Consumer;
import trivium.mmu.Mmu;

/** What a translation answers and what it leaves in the tables. */
final class Mappings {
    private static final int USER_READ = Mmu.READ | Mmu.USER, USER_WRITE = Mmu.WRITE | Mmu.USER;

    private Mappings() {}

    static void cases(Map<String, Consumer<Board>> to) {
        to.put("without paging, linear is physical", Mappings::withoutPaging);
        to.put("pages are found everywhere", Mappings::everywhere);
        to.put("every piece of a page has its place", Mappings::pieces);
        to.put("the flags of the answer", Mappings::flags);
        to.put("a read sets accessed bits", Mappings::readsSetAccessed);
        to.put("a write sets the dirty bit", Mappings::writesSetDirty);
        to.put("a write after reads sets the dirty bit", Mappings::writesAfterReads);
        to.put("a fault leaves the leaf alone", Mappings::faultsLeaveNoTrace);
        to.put("a fetch sets no dirty bit", Mappings::fetches);
        to.put("probes have no effects", Mappings::probes);
    }

    private static void withoutPaging(Board b) {
        b.s.cr0 = 1;
        b.s.efer = 0;
        b.mmu.flushAll();
        for (long linear : new long[] {0, 0x1234_5000L, 0x9abc_d000L, 0xffff_f000L}) {
            for (int access : new int[] {0, USER_WRITE, Mmu.EXECUTE, Mmu.WRITE | Mmu.IMPLICIT}) {
                long answer = b.translate(linear, access);
                boolean write = (access & Mmu.WRITE) != 0;
                b.either("the answer", answer, linear | Mmu.MAY_WRITE, linear | (write ? 2 : 0));
            }
            b.same("a probe", b.mmu.probe(linear | 0x123), linear | 0x123);
        }
    }

    private static void everywhere(Board b) {
        int n = 1;
        for (long linear : b.layout.places()) {
            b.map(linear, b.frame(n++), ALL);
        }
        for (int round = 0; round < 2; round++) {
            n = 1;
            for (long linear : b.layout.places()) {
                b.same("the page", b.page(linear), b.piece(b.frame(n++), linear));
            }
        }
    }

    private static void pieces(Board b) {
        b.map(0, b.frame(3), ALL);
        for (long at = 0; at < b.layout.pageBytes(); at += 4096) {
            b.same("a piece", b.page(at), b.frame(3) | at);
            b.same("an offset", b.mmu.probe(at | 0xabc), b.frame(3) | at | 0xabc);
        }
        // Offsets in the page are no part of the answer.
        long answer = b.mmu.translate(0xfff, USER_READ);
        b.same("the page of an offset", answer & Board.PAGE, b.frame(3));
    }

    private static void flags(Board b) {
        b.map(0, b.frame(1), ALL | G);
        b.map(0x80_0000, b.frame(2), ALL);
        for (int round = 0; round < 2; round++) {
            flag(b, 0, Mmu.GLOBAL, true);
            flag(b, 0x80_0000, Mmu.GLOBAL, false);
            flag(b, 0, Mmu.LARGE, b.layout.large());
        }
        b.s.cr4 &= ~Board.PGE;
        b.mmu.flushAll();
        flag(b, 0, Mmu.GLOBAL, false);
        long answer = b.translate(0, USER_READ);
        b.holds("MAY_WRITE of a clean page", (answer & Mmu.MAY_WRITE) == 0);
        flagsOfWrites(b);
    }

    private static void flag(Board b, long linear, int flag, boolean expected) {
        long answer = b.translate(linear, USER_READ);
        b.holds("mapped", answer != Mmu.FAULT);
        b.same("flag %d of %#x".formatted(flag, linear), answer & flag, expected ? flag : 0);
    }

    private static void flagsOfWrites(Board b) {
        long answer = b.translate(0, USER_WRITE);
        b.holds("MAY_WRITE after a write", (answer & Mmu.MAY_WRITE) != 0);
        b.map(0x80_0000, b.frame(2), P | US | D);
        b.mmu.flushAll();
        answer = b.translate(0x80_0000, USER_READ);
        b.holds("no MAY_WRITE of what is read only", (answer & Mmu.MAY_WRITE) == 0);
        b.s.cr0 &= ~Board.WP;
        b.mmu.flushAll();
        answer = b.translate(0x80_0000, USER_READ);
        b.holds("no MAY_WRITE for users by CR0.WP", (answer & Mmu.MAY_WRITE) == 0);
        answer = b.translate(0x80_0000, Mmu.WRITE);
        b.holds("MAY_WRITE for supervisors by CR0.WP", (answer & Mmu.MAY_WRITE) != 0);
    }

    private static void bits(Board b, long linear, long upper, long leaf) {
        for (int level = 0; level <= b.layout.leaf(); level++) {
            long entry = b.get(b.at(linear, level));
            // Above the leaf the dirty bit is the guest's own.
            long expected = level == b.layout.leaf() ? leaf : upper;
            long seen = entry & (level == b.layout.leaf() ? A | D : A);
            b.same("accessed and dirty bits of level " + level, seen, expected);
        }
    }

    private static void readsSetAccessed(Board b) {
        for (long linear : b.layout.places()) {
            b.map(linear, b.frame(1), ALL);
            b.page(linear);
            bits(b, linear, A, A);
        }
    }

    private static void writesSetDirty(Board b) {
        b.map(0, b.frame(1), ALL);
        b.translate(0, USER_WRITE);
        bits(b, 0, A, A | D);
        for (int level = 0; level < b.layout.leaf(); level++) {
            b.same("bits 6 and up of a table", b.get(b.at(0, level)) & 0xfc0, 0);
        }
    }

    private static void writesAfterReads(Board b) {
        b.map(0, b.frame(1), ALL);
        b.translate(0, USER_READ);
        b.translate(0, Mmu.READ);
        b.translate(0, USER_WRITE);
        bits(b, 0, A, A | D);
        b.set(b.leafAt(0), b.get(b.leafAt(0)) & ~(A | D));
        b.mmu.flushPage(0);
        b.translate(0, Mmu.READ);
        bits(b, 0, A, A);
        b.translate(0, Mmu.WRITE | Mmu.IMPLICIT);
        bits(b, 0, A, A | D);
    }

    private static void faultsLeaveNoTrace(Board b) {
        b.map(0, b.frame(1), P | RW);
        b.faults("a user", 0, USER_WRITE, 7);
        b.same("the leaf's bits", b.get(b.leafAt(0)) & (A | D), 0);
        b.map(0, b.frame(1), P | US);
        b.mmu.flushAll();
        b.faults("a write", 0, USER_WRITE, 7);
        b.same("the leaf's bits", b.get(b.leafAt(0)) & (A | D), 0);
        // Read once: then cached, and a write that faults still leaves it clean.
        b.page(0);
        b.faults("a write to a cached page", 0, USER_WRITE, 7);
        b.same("the leaf's bits", b.get(b.leafAt(0)) & (A | D), A);
    }

    private static void fetches(Board b) {
        b.map(0, b.frame(1), ALL);
        long answer = b.translate(0, Mmu.EXECUTE | Mmu.USER);
        b.same("the page", answer & Board.PAGE, b.frame(1));
        bits(b, 0, A, A);
    }

    private static void probes(Board b) {
        long linear = 0x40_0000;
        b.same("of nothing", b.mmu.probe(linear), Mmu.FAULT);
        b.map(linear, b.frame(5), P | (b.layout.wide() ? NX : 0));
        b.same("rights are ignored", b.mmu.probe(linear | 0x765), b.frame(5) | 0x765);
        bits(b, linear, 0, 0);
        b.faults("a write of a user", linear, USER_WRITE, 7);
        b.mmu.probe(0x80_0000);
        b.same("the fault's state stays", b.mmu.faultErrorCode(), 7);
    }
}
