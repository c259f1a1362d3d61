package trivium.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.x86.plain.PlainMemory;

/** Random page tables: the walker against a second reading of the manual, level by level. */
class PageWalkerTest {
    enum Mode {
        TWO_LEVEL,
        PAE,
        FOUR_LEVEL
    }

    private static final int TABLES = 0x10000, TABLE_COUNT = 8;
    private static final long P = 1, RW = 2, US = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100;
    private static final long NX = 1L << 63;

    private final VcpuState s = new VcpuState();
    private final PlainMemory memory = new PlainMemory(Arena.ofAuto(), 1 << 20);
    private final PageWalker walker = new PageWalker(s, memory, CpuModel.X86_64);
    private final Random random = new Random(42);

    @ParameterizedTest
    @EnumSource
    void agreesWithTheManual(Mode mode) {
        int faults = 0;
        for (int round = 0; round < 400; round++) {
            setUp(mode);
            for (int i = 0; i < 50; i++) {
                long linear = randomLinear(mode);
                int access = randomAccess();
                String expected = expected(mode, linear, access);
                long mapping = walker.walk(linear & -4096, access);
                String actual =
                        mapping == Mmu.FAULT
                                ? "fault %x".formatted(walker.errorCode())
                                : describe(mapping);
                faults += mapping == Mmu.FAULT ? 1 : 0;
                assertThat(actual).as("%s %x access %d", mode, linear, access).isEqualTo(expected);
                assertThat(accessedWhereUsed(mode, linear, access, mapping)).isTrue();
            }
        }
        assertThat(faults).isBetween(1000, 19_000);
    }

    private void setUp(Mode mode) {
        s.cr0 = 0x8000_0001L | (random.nextBoolean() ? 1 << 16 : 0);
        s.cr4 = (mode == Mode.TWO_LEVEL ? 0 : 1 << 5) | random.nextInt(2) << 4 | 1 << 7;
        s.cr4 |= (long) random.nextInt(4) << 20;
        s.efer = (mode == Mode.FOUR_LEVEL ? 0x500 : 0) | random.nextInt(2) << 11;
        s.rflags = 2 | random.nextInt(2) << 18;
        int entryBytes = mode == Mode.TWO_LEVEL ? 4 : 8;
        for (long at = TABLES; at < TABLES + TABLE_COUNT * 4096; at += entryBytes) {
            memory.write(at, entryBytes, randomEntry(entryBytes));
        }
        s.cr3 = TABLES;
        for (int i = 0; i < 4; i++) {
            s.pdpte[i] = TABLES + 4096L * (1 + i) | (i == 3 ? 0 : P);
        }
    }

    private long randomEntry(int bytes) {
        long e = TABLES + 4096L * random.nextInt(TABLE_COUNT) | random.nextInt(0x1000);
        e |= random.nextInt(16) == 0 ? 0 : P;
        e |= random.nextInt(4) == 0 ? 0 : RW | US;
        if (random.nextInt(4) != 0) {
            e &= ~PS;
        }
        if (random.nextInt(12) == 0) {
            e |= 1L << 12 + random.nextInt(10);
        }
        if (bytes == 8) {
            e |= random.nextInt(8) == 0 ? NX : 0;
            e |= random.nextInt(40) == 0 ? 1L << 36 + random.nextInt(20) : 0;
        }
        return e;
    }

    private long randomLinear(Mode mode) {
        long linear = random.nextLong();
        return mode == Mode.FOUR_LEVEL ? linear << 16 >> 16 : linear & 0xffff_ffffL;
    }

    private int randomAccess() {
        int kind = random.nextInt(3);
        int access = kind == 0 ? Mmu.READ : kind == 1 ? Mmu.WRITE : Mmu.EXECUTE;
        int who = random.nextInt(5);
        return access | (who < 2 ? Mmu.USER : who == 2 && kind < 2 ? Mmu.IMPLICIT : 0);
    }

    // ---- the second reading

    private String expected(Mode mode, long linear, int access) {
        int levels = mode == Mode.TWO_LEVEL ? 2 : mode == Mode.PAE ? 2 : 4;
        boolean write = (access & Mmu.WRITE) != 0;
        boolean user = (access & Mmu.USER) != 0;
        boolean fetch = (access & Mmu.EXECUTE) != 0;
        boolean nxe = (s.efer & 1 << 11) != 0;
        boolean smep = (s.cr4 & 1 << 20) != 0;
        boolean smap = (s.cr4 & 1 << 21) != 0;
        int code = (write ? 2 : 0) | (user ? 4 : 0);
        if (fetch && (smep || nxe && mode != Mode.TWO_LEVEL)) {
            code |= 16;
        }
        long table = s.cr3;
        if (mode == Mode.PAE) {
            long pdpte = s.pdpte[(int) (linear >> 30) & 3];
            if ((pdpte & P) == 0) {
                return "fault %x".formatted(code);
            }
            table = pdpte & -4096;
        }
        boolean allUser = true;
        boolean allWritable = true;
        boolean noExecute = false;
        for (int level = levels; level >= 1; level--) {
            long e = entry(mode, table, linear, level);
            if ((e & P) == 0) {
                return "fault %x".formatted(code);
            }
            boolean large = level == 2 && (e & PS) != 0;
            if (mode == Mode.TWO_LEVEL) {
                large &= (s.cr4 & 1 << 4) != 0;
            }
            if (reserved(mode, e, level, large, nxe)) {
                return "fault %x".formatted(code | 9);
            }
            allUser &= (e & US) != 0;
            allWritable &= (e & RW) != 0;
            noExecute |= mode != Mode.TWO_LEVEL && (e & NX) != 0;
            if (level == 1 || large) {
                boolean ok;
                if (user) {
                    ok = allUser && (!write || allWritable) && (!fetch || !noExecute);
                } else if (fetch) {
                    ok = !noExecute && !(smep && allUser);
                } else {
                    boolean ac = (s.rflags & 1 << 18) != 0 && (access & Mmu.IMPLICIT) == 0;
                    boolean wp = (s.cr0 & 1 << 16) != 0;
                    ok = (!smap || !allUser || ac) && (!write || allWritable || !wp);
                }
                if (!ok) {
                    return "fault %x".formatted(code | 1);
                }
                return page(mode, e, linear, large, write)
                        + (allUser ? " user" : "")
                        + (allWritable ? " writable" : "")
                        + (noExecute ? " nx" : "");
            }
            table = mode == Mode.TWO_LEVEL ? e & 0xffff_f000L : e & 0xf_ffff_ffff_f000L;
        }
        throw new AssertionError();
    }

    private String page(Mode mode, long e, long linear, boolean large, boolean write) {
        long frame;
        if (mode == Mode.TWO_LEVEL) {
            frame =
                    large
                            ? (e & 0xffc0_0000L | (e >> 13 & 0xff) << 32) + (linear & 0x3f_f000)
                            : e & 0xffff_f000L;
        } else {
            long address = e & 0xf_ffff_ffff_f000L;
            frame = large ? address / 0x20_0000 * 0x20_0000 + (linear & 0x1f_f000) : address;
        }
        return "%x%s%s%s"
                .formatted(
                        frame,
                        large ? " large" : "",
                        (e & G) != 0 ? " global" : "",
                        write || (e & D) != 0 ? " dirty" : "");
    }

    private static boolean reserved(Mode mode, long e, int level, boolean large, boolean nxe) {
        if (mode == Mode.TWO_LEVEL) {
            return large && (e & 1 << 21) != 0;
        }
        for (int bit = 40; bit < (mode == Mode.PAE ? 63 : 52); bit++) {
            if ((e >>> bit & 1) != 0) {
                return true;
            }
        }
        boolean badNx = (e & NX) != 0 && !nxe;
        boolean badPs = level > 2 && (e & PS) != 0;
        boolean badLarge = large && (e >>> 13 & 0xff) != 0;
        return badNx || badPs || badLarge;
    }

    private long entry(Mode mode, long table, long linear, int level) {
        if (mode == Mode.TWO_LEVEL) {
            long index = linear >>> (level == 2 ? 22 : 12) & 0x3ff;
            return memory.read(table + 4 * index, 4);
        }
        return memory.read(table + 8 * (linear >>> 12 + 9 * (level - 1) & 0x1ff), 8);
    }

    private static String describe(long mapping) {
        return "%x%s%s%s%s%s%s"
                .formatted(
                        mapping & -4096,
                        (mapping & PageWalker.LARGE) != 0 ? " large" : "",
                        (mapping & PageWalker.GLOBAL) != 0 ? " global" : "",
                        (mapping & PageWalker.DIRTY) != 0 ? " dirty" : "",
                        (mapping & PageWalker.USER) != 0 ? " user" : "",
                        (mapping & PageWalker.WRITABLE) != 0 ? " writable" : "",
                        (mapping & PageWalker.NO_EXECUTE) != 0 ? " nx" : "");
    }

    /** After a walk without fault: every entry used is accessed, the last dirty if written. */
    private boolean accessedWhereUsed(Mode mode, long linear, int access, long mapping) {
        if (mapping == Mmu.FAULT) {
            return true;
        }
        int levels = mode == Mode.FOUR_LEVEL ? 4 : 2;
        long table = mode == Mode.PAE ? s.pdpte[(int) (linear >> 30) & 3] & -4096 : s.cr3;
        for (int level = levels; level >= 1; level--) {
            long e = entry(mode, table, linear, level);
            if ((e & A) == 0) {
                return false;
            }
            boolean last = level == 1 || (mapping & PageWalker.LARGE) != 0 && level == 2;
            if (last) {
                return (access & Mmu.WRITE) == 0 || (e & D) != 0;
            }
            table = mode == Mode.TWO_LEVEL ? e & 0xffff_f000L : e & 0xf_ffff_ffff_f000L;
        }
        return true;
    }

    @Test
    void probeChangesNothing() {
        setUp(Mode.FOUR_LEVEL);
        long[] before = new long[TABLE_COUNT * 512];
        for (int i = 0; i < before.length; i++) {
            before[i] = memory.read(TABLES + 8L * i, 8);
        }
        for (int i = 0; i < 1000; i++) {
            walker.probe(randomLinear(Mode.FOUR_LEVEL));
        }
        for (int i = 0; i < before.length; i++) {
            assertThat(memory.read(TABLES + 8L * i, 8)).isEqualTo(before[i]);
        }
    }

    @Test
    void linearIsPhysicalWithoutPaging() {
        s.cr0 = 1;
        assertThat(walker.paging()).isFalse();
        assertThat(walker.probe(0x1234_5678L)).isEqualTo(0x1234_5678L);
    }
}
