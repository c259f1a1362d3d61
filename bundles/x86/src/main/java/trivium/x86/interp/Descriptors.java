package trivium.x86.interp;

import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;

/**
 * Reads descriptors from the guest's tables and takes them apart (SDM Vol. 3A "Segment
 * Descriptors"). A raw descriptor is its eight bytes as a long. On the 80286 the upper word counts
 * as zero: 24-bit bases, 64-KiB limits.
 */
final class Descriptors {
    /** Types of system descriptors. */
    static final int TSS16 = 1,
            LDT = 2,
            TSS16_BUSY = 3,
            CALL16 = 4,
            TASK_GATE = 5,
            INTERRUPT16 = 6,
            TRAP16 = 7,
            TSS32 = 9,
            TSS32_BUSY = 11,
            CALL32 = 12,
            INTERRUPT32 = 14,
            TRAP32 = 15;

    /** Type bits of code and data descriptors. */
    static final int ACCESSED = 1, WRITABLE = 2, READABLE = 2, CONFORMING = 4, CODE = 8;

    private static final long BUSY = 1L << 41;
    private static final int SELECTOR_TI = 4;

    private final Cpu c;
    private final VcpuState s;

    Descriptors(Cpu c) {
        this.c = c;
        s = c.s;
    }

    // ---- fields of a raw descriptor

    static long base(long raw) {
        return raw >>> 16 & 0xff_ffffL | raw >>> 32 & 0xff00_0000L;
    }

    static long limit(long raw) {
        long limit = raw & 0xffff | raw >>> 32 & 0xf_0000;
        return (raw & 1L << 55) != 0 ? limit << 12 | 0xfff : limit;
    }

    static int attributes(long raw) {
        return (int) (raw >>> 40) & 0xf0ff;
    }

    static int type(long raw) {
        return (int) (raw >>> 40) & 0xf;
    }

    static int dpl(long raw) {
        return (int) (raw >>> 45) & 3;
    }

    static boolean present(long raw) {
        return (raw & 1L << 47) != 0;
    }

    /** Code or data, not a system descriptor. */
    static boolean ordinary(long raw) {
        return (raw & 1L << 44) != 0;
    }

    static boolean code(long raw) {
        return ordinary(raw) && (type(raw) & CODE) != 0;
    }

    static boolean conforming(long raw) {
        return (type(raw) & CONFORMING) != 0;
    }

    static boolean writableData(long raw) {
        return ordinary(raw) && (type(raw) & (CODE | WRITABLE)) == WRITABLE;
    }

    static boolean readable(long raw) {
        return ordinary(raw) && (type(raw) & (CODE | READABLE)) != CODE;
    }

    static boolean longCode(long raw) {
        return (raw & 1L << 53) != 0;
    }

    static boolean big(long raw) {
        return (raw & 1L << 54) != 0;
    }

    static boolean isNull(int selector) {
        return (selector & ~3) == 0;
    }

    // ---- tables

    /** Whether the selector lies within its table. */
    boolean inTable(int selector, int bytes) {
        int last = (selector & ~7) + bytes - 1;
        if ((selector & SELECTOR_TI) == 0) {
            return last <= s.gdtrLimit;
        }
        return s.ldtr.usable() && last <= s.ldtr.limit;
    }

    long address(int selector) {
        long table = (selector & SELECTOR_TI) == 0 ? s.gdtrBase : s.ldtr.base;
        return truncate(table + (selector & ~7));
    }

    private long truncate(long linear) {
        return c.longMode ? linear : linear & c.linearMask;
    }

    /**
     * Reads a descriptor whose selector is not null.
     *
     * @param vector the exception if it lies outside its table, with the selector as error code
     */
    long read(int selector, int vector, int ext) {
        if (!inTable(selector, 8)) {
            throw c.fault(vector, selector & ~3 | ext);
        }
        return readAt(address(selector));
    }

    long read(int selector) {
        return read(selector, GuestException.GP, 0);
    }

    /** Eight bytes of a system table, read as the CPU itself. */
    long readAt(long linear) {
        long raw = c.loadLinear(truncate(linear), 8, Mmu.IMPLICIT);
        return c.model == CpuModel.I80286 ? raw & 0xffff_ffff_ffffL : raw;
    }

    /** The upper half of a 16-byte descriptor of long mode. */
    long readUpper(int selector, int vector) {
        if (!inTable(selector, 16)) {
            throw c.fault(vector, selector & ~3);
        }
        return readAt(address(selector) + 8);
    }

    /** Sets the accessed bit in memory if it is clear. */
    long markAccessed(int selector, long raw) {
        if ((raw & (long) ACCESSED << 40) == 0) {
            setTypeBits(selector, ACCESSED, 0);
        }
        return raw | (long) ACCESSED << 40;
    }

    void setBusy(int selector) {
        setTypeBits(selector, 2, 0);
    }

    void clearBusy(int selector) {
        setTypeBits(selector, 0, 2);
    }

    static boolean busy(long raw) {
        return (raw & BUSY) != 0;
    }

    private void setTypeBits(int selector, int set, int clear) {
        long at = truncate(address(selector) + 5);
        long octet = c.loadLinear(at, 1, Mmu.IMPLICIT);
        c.storeLinear(at, 1, octet & ~clear | set, Mmu.IMPLICIT);
    }

    static void load(Segment segment, int selector, long raw) {
        segment.set(selector, base(raw), limit(raw), attributes(raw));
    }
}
