package trivium.x86.conformance;

import static trivium.x86.conformance.Layout.ALL;
import static trivium.x86.conformance.Layout.D;
import static trivium.x86.conformance.Layout.NX;
import static trivium.x86.conformance.Layout.P;
import static trivium.x86.conformance.Layout.RW;
import static trivium.x86.conformance.Layout.US;

import java.util.Map;
import java.util.function.Consumer;
import trivium.mmu.Mmu;

/**
 * Who may do what, against a reading of the manual of its own (SDM Vol. 3A "Determination of Access
 * Rights"), and error codes (SDM Vol. 3A "Page-Fault Exceptions").
 */
final class Rights {
    private static final int ERROR_P = 1, ERROR_W = 2, ERROR_U = 4, ERROR_RSVD = 8, ERROR_I = 16;
    private static final int USER_READ = Mmu.READ | Mmu.USER;

    private static final int[] ACCESSES = {
        Mmu.READ,
        Mmu.WRITE,
        Mmu.EXECUTE,
        Mmu.READ | Mmu.USER,
        Mmu.WRITE | Mmu.USER,
        Mmu.EXECUTE | Mmu.USER,
        Mmu.READ | Mmu.IMPLICIT,
        Mmu.WRITE | Mmu.IMPLICIT
    };

    private Rights() {}

    static void cases(Map<String, Consumer<Board>> to) {
        to.put("rights by leaf, tables and control registers", Rights::all);
        to.put("rights are asked at each use", Rights::asked);
        to.put("RFLAGS.AC counts at once", Rights::smap);
        to.put("absent entries", Rights::absent);
        to.put("reserved bits", Rights::reserved);
        to.put("NX without EFER.NXE", Rights::noExecuteOff);
    }

    /** Bits of an entry by number: R/W, U/S, NX. */
    private static long entryBits(Board b, int n) {
        return P
                | ((n & 1) != 0 ? RW : 0)
                | ((n & 2) != 0 ? US : 0)
                | ((n & 4) != 0 && b.layout.wide() ? NX : 0);
    }

    private static void all(Board b) {
        int choices = b.layout.wide() ? 8 : 4;
        for (int controls = 0; controls < 16; controls++) {
            b.s.cr0 = b.s.cr0 & ~Board.WP | ((controls & 1) != 0 ? Board.WP : 0);
            b.s.cr4 = b.s.cr4 & ~(Board.SMEP | Board.SMAP);
            b.s.cr4 |= ((controls & 2) != 0 ? Board.SMEP : 0) | (controls & 4) * (Board.SMAP >> 2);
            b.s.rflags = 2 | ((controls & 8) != 0 ? Board.AC : 0);
            for (int leaf = 0; leaf < choices; leaf++) {
                for (int upper = 0; upper < (b.layout.leaf() == 0 ? 1 : choices); upper++) {
                    allAccesses(b, entryBits(b, leaf), entryBits(b, upper));
                }
            }
        }
    }

    private static void allAccesses(Board b, long leaf, long upper) {
        b.map(0, b.frame(1), leaf);
        long all = leaf;
        if (b.layout.leaf() > 0) {
            // The table above the leaf; higher ones let everything pass.
            long at = b.at(0, b.layout.leaf() - 1);
            b.set(at, b.get(at) & Board.PAGE & ~NX | upper);
            all = leaf & upper & ~NX | (leaf | upper) & NX;
        }
        b.mmu.flushAll();
        for (int access : ACCESSES) {
            check(b, all, access);
        }
    }

    private static void check(Board b, long rights, int access) {
        if (!permitted(b, rights, access)) {
            String what = "rights %#x, access %d".formatted(rights, access);
            b.faults(what, 0, access, ERROR_P | errorCode(b, access));
            return;
        }
        long answer = b.translate(0, access);
        if (answer == Mmu.FAULT) {
            int error = b.mmu.faultErrorCode();
            b.fail("rights %#x, access %d: #PF(%#x), expected none", rights, access, error);
        }
        b.same("the page", answer & Board.PAGE, b.frame(1));
        boolean mayWrite = permitted(b, rights, access & ~Mmu.EXECUTE | Mmu.WRITE);
        if ((answer & Mmu.MAY_WRITE) != 0) {
            b.holds("MAY_WRITE without the right", mayWrite);
            b.holds("MAY_WRITE and clean", (b.get(b.leafAt(0)) & D) != 0);
        }
        if ((access & Mmu.WRITE) != 0) {
            b.holds("MAY_WRITE after a write", (answer & Mmu.MAY_WRITE) != 0);
        }
    }

    static boolean permitted(Board b, long rights, int access) {
        boolean user = (access & Mmu.USER) != 0, userPage = (rights & US) != 0;
        boolean write = (access & Mmu.WRITE) != 0, writable = (rights & RW) != 0;
        if ((access & Mmu.EXECUTE) != 0) {
            boolean kept = !user && userPage && (b.s.cr4 & Board.SMEP) != 0;
            return (rights & NX) == 0 && !kept && (!user || userPage);
        }
        if (user) {
            return userPage && (!write || writable);
        }
        boolean explicit = (access & Mmu.IMPLICIT) == 0 && (b.s.rflags & Board.AC) != 0;
        if (userPage && (b.s.cr4 & Board.SMAP) != 0 && !explicit) {
            return false;
        }
        return !write || writable || (b.s.cr0 & Board.WP) == 0;
    }

    /** The bits that tell the access. */
    static int errorCode(Board b, int access) {
        boolean tellsFetch =
                (b.s.cr4 & Board.SMEP) != 0
                        || (b.s.cr4 & Board.PAE) != 0 && (b.s.efer & Board.NXE) != 0;
        return ((access & Mmu.WRITE) != 0 ? ERROR_W : 0)
                | ((access & Mmu.USER) != 0 ? ERROR_U : 0)
                | ((access & Mmu.EXECUTE) != 0 && tellsFetch ? ERROR_I : 0);
    }

    private static void asked(Board b) {
        b.map(0, b.frame(1), P | RW);
        b.holds("a supervisor reads", b.translate(0, Mmu.READ) != Mmu.FAULT);
        b.holds("a supervisor writes", b.translate(0, Mmu.WRITE) != Mmu.FAULT);
        b.faults("a user reads", 0, USER_READ, 5);
        b.faults("a user writes", 0, Mmu.WRITE | Mmu.USER, 7);
        b.map(0x80_0000, b.frame(2), P | US);
        b.same("a user reads", b.page(0x80_0000), b.frame(2));
        b.faults("a user writes", 0x80_0000, Mmu.WRITE | Mmu.USER, 7);
        b.faults("a supervisor writes", 0x80_0000, Mmu.WRITE, 3);
    }

    private static void smap(Board b) {
        b.s.cr4 |= Board.SMAP;
        b.mmu.flushAll();
        b.map(0, b.frame(1), ALL);
        for (int round = 0; round < 2; round++) {
            b.faults("AC clear", 0, Mmu.READ, ERROR_P);
            b.s.rflags |= Board.AC;
            b.same("AC set", b.translate(0, Mmu.READ) & Board.PAGE, b.frame(1));
            b.faults("AC set, implicit", 0, Mmu.READ | Mmu.IMPLICIT, ERROR_P);
            b.s.rflags &= ~Board.AC;
            b.same("a user", b.page(0), b.frame(1));
        }
    }

    private static void absent(Board b) {
        for (int access : ACCESSES) {
            b.faults("nothing", 0x1000, access, errorCode(b, access));
        }
        for (int level = b.layout.leaf(); level >= 0; level--) {
            // Whatever else stands in an entry that is not present.
            b.map(0, b.frame(1), ALL);
            b.set(b.at(0, level), b.layout.wide() ? ~P : 0xffff_fffeL);
            b.mmu.flushAll();
            for (int access : ACCESSES) {
                b.faults("level " + level, 0, access, errorCode(b, access));
            }
            b.same("probe", b.mmu.probe(0), Mmu.FAULT);
            b.set(b.at(0, level), 0);
        }
    }

    private static void reserved(Board b) {
        for (int level = 0; level <= b.layout.leaf(); level++) {
            b.map(0, b.frame(1), ALL);
            long at = b.at(0, level), entry = b.get(at), bits = b.layout.reserved(level);
            for (long bit = Long.lowestOneBit(bits); bit != 0; bit = Long.lowestOneBit(bits)) {
                bits &= ~bit;
                b.set(at, entry | bit);
                b.mmu.flushAll();
                for (int access : ACCESSES) {
                    String what = "bit %#x of level %d".formatted(bit, level);
                    b.faults(what, 0, access, ERROR_P | ERROR_RSVD | errorCode(b, access));
                }
                b.same("probe", b.mmu.probe(0), Mmu.FAULT);
            }
            b.set(at, entry);
            b.mmu.flushAll();
            b.same("without them", b.page(0), b.frame(1));
        }
    }

    private static void noExecuteOff(Board b) {
        if (!b.layout.wide()) {
            return;
        }
        b.s.efer &= ~Board.NXE;
        for (int level = 0; level <= b.layout.leaf(); level++) {
            b.map(0, b.frame(1), ALL);
            long at = b.at(0, level);
            b.set(at, b.get(at) | NX);
            b.mmu.flushAll();
            b.faults("reserved", 0, USER_READ, ERROR_P | ERROR_RSVD | ERROR_U);
            b.faults("a fetch", 0, Mmu.EXECUTE, ERROR_P | ERROR_RSVD);
            b.set(at, b.get(at) & ~NX);
        }
    }
}
