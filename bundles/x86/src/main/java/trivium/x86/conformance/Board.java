package trivium.x86.conformance;

import static trivium.x86.conformance.Layout.ALL;
import static trivium.x86.conformance.Layout.P;

import java.lang.foreign.Arena;
import java.util.Arrays;
import trivium.cpu.VcpuState;
import trivium.mmu.Mmu;
import trivium.mmu.MmuStrategy;
import trivium.x86.plain.PlainVcpu;

/** A vCPU with a strategy attached, and page tables of one layout that cases fill. */
final class Board implements AutoCloseable {
    static final long PAGE = -4096;
    static final int PG = 1 << 31, WP = 1 << 16;
    static final int PSE = 1 << 4, PAE = 1 << 5, PGE = 1 << 7, SMEP = 1 << 20, SMAP = 1 << 21;
    static final int LME = 1 << 8, LMA = 1 << 10, NXE = 1 << 11, AC = 1 << 18;
    private static final long TABLES = 0x10_000;

    final Layout layout;
    final BoardMemory memory;
    final VcpuState s;
    final Mmu mmu;
    private long nextTable = TABLES;
    private long root;

    /**
     * @param direct whether memory has host addresses
     */
    Board(MmuStrategy strategy, Layout layout, boolean direct) {
        this.layout = layout;
        memory = new BoardMemory(Arena.ofConfined(), direct);
        BoardMemory m = memory;
        var vcpu =
                new PlainVcpu(layout.model) {
                    @Override
                    public BoardMemory memory() {
                        return m;
                    }
                };
        s = vcpu.state();
        s.cr0 = 1 | WP | PG & 0xffff_ffffL;
        s.cr4 = PGE | (layout.wide() ? PAE : PSE);
        s.efer = layout.longMode() ? LME | LMA | NXE : layout.wide() ? NXE : 0;
        newRoot();
        mmu = strategy.attach(vcpu);
        mmu.flushAll();
    }

    @Override
    public void close() {
        mmu.close();
        memory.release();
    }

    // ---- tables

    long newTable() {
        nextTable += 4096;
        if (nextTable >= BoardMemory.SIZE) {
            throw new IllegalStateException("a case with too many tables");
        }
        return nextTable - 4096;
    }

    /** An empty tree for CR3, which is not flushed. */
    void newRoot() {
        root = layout.pae() ? 0 : newTable();
        s.cr3 = root;
        Arrays.fill(s.pdpte, 0);
    }

    long root() {
        return root;
    }

    /** The top table for a linear address. */
    private long top(long linear) {
        if (!layout.pae()) {
            return root;
        }
        int i = (int) (linear >>> 30) & 3;
        if (s.pdpte[i] == 0) {
            s.pdpte[i] = newTable() | P;
        }
        return s.pdpte[i] & PAGE;
    }

    /** The guest-physical address of the entry of a level, 0 the top; tables above are made. */
    long at(long linear, int level) {
        long table = top(linear);
        for (int i = 0; i < level; i++) {
            long gpa = table + (long) layout.index(linear, i) * layout.entryBytes;
            if (get(gpa) == 0) {
                set(gpa, newTable() | ALL);
            }
            table = get(gpa) & 0x000f_ffff_ffff_f000L;
        }
        return table + (long) layout.index(linear, level) * layout.entryBytes;
    }

    long leafAt(long linear) {
        return at(linear, layout.leaf());
    }

    long get(long gpa) {
        return memory.read(gpa, layout.entryBytes);
    }

    void set(long gpa, long entry) {
        memory.write(gpa, layout.entryBytes, entry);
    }

    /** Maps a page; PS is put in where the layout wants it. */
    void map(long linear, long gpa, long bits) {
        set(leafAt(linear), gpa | bits | layout.leafBits());
    }

    /** The n-th frame that a page of this layout may have. */
    long frame(int n) {
        return layout.pageBytes() * n;
    }

    // ---- the MMU

    long translate(long linear, int access) {
        return mmu.translate(linear & PAGE, access);
    }

    /** A user's read: the page alone. */
    long page(long linear) {
        long answer = translate(linear, Mmu.READ | Mmu.USER);
        return answer == Mmu.FAULT ? Mmu.FAULT : answer & PAGE;
    }

    /** The address of a frame's 4-KiB piece that holds a linear address. */
    long piece(long frame, long linear) {
        return frame | linear & layout.pageBytes() - 1 & PAGE;
    }

    // ---- what is asked

    void same(String what, long actual, long expected) {
        if (actual != expected) {
            fail("%s: %#x, expected %#x", what, actual, expected);
        }
    }

    void holds(String what, boolean condition) {
        if (!condition) {
            fail("%s", what);
        }
    }

    /** Either of two answers is as good: a translation may or may not have been cached. */
    void either(String what, long actual, long one, long other) {
        if (actual != one && actual != other) {
            fail("%s: %#x, expected %#x or %#x", what, actual, one, other);
        }
    }

    void faults(String what, long linear, int access, int errorCode) {
        long answer = translate(linear, access);
        if (answer != Mmu.FAULT) {
            fail("%s: %#x is mapped to %#x, expected #PF(%#x)", what, linear, answer, errorCode);
        }
        same(what + ": error code", mmu.faultErrorCode(), errorCode);
    }

    void fail(String format, Object... values) {
        throw new Nonconformance(
                "%s, cr0 %#x, cr4 %#x, efer %#x: %s"
                        .formatted(layout, s.cr0, s.cr4, s.efer, format.formatted(values)));
    }

    /** A strategy did something else than a case allows. */
    static final class Nonconformance extends RuntimeException {
        private static final long serialVersionUID = 1;

        Nonconformance(String message) {
            super(message);
        }
    }
}
