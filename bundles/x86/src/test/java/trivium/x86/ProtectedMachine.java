package trivium.x86;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;

import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;

/**
 * A {@link TestMachine} in 32-bit protected mode without paging: GDT, IDT with a HLT for each
 * vector, a TSS with inner stacks. Ring 3 code uses USER_CODE and USER_DATA.
 */
final class ProtectedMachine implements AutoCloseable {
    static final int GDT = 0x2000, IDT = 0x2800, TSS = 0x3000, TSS2 = 0x3100, LDT = 0x3200;
    static final int HANDLERS = 0x5000, HANDLER_BYTES = 16, STACK0 = 0x7000, STACK3 = 0x9000;
    static final int CODE0 = 0x08, DATA0 = 0x10, USER_CODE = 0x1b, USER_DATA = 0x23;
    static final int TSS_SELECTOR = 0x28, TSS2_SELECTOR = 0x30, CODE16 = 0x38, DATA16 = 0x40;
    static final int CONFORMING = 0x48, LDT_SELECTOR = 0x50, FREE = 0x58;
    static final int TSS_LIMIT = 0xdf;

    final TestMachine m;
    final VcpuState s;

    ProtectedMachine() {
        this(CpuModel.PENTIUM3);
    }

    ProtectedMachine(CpuModel model) {
        m = new TestMachine(model);
        s = m.s;
        descriptor(CODE0, 0, 0xfffff, 0xc09b);
        descriptor(DATA0, 0, 0xfffff, 0xc093);
        descriptor(USER_CODE, 0, 0xfffff, 0xc0fb);
        descriptor(USER_DATA, 0, 0xfffff, 0xc0f3);
        descriptor(TSS_SELECTOR, TSS, TSS_LIMIT, 0x8b);
        descriptor(TSS2_SELECTOR, TSS2, 0x67, 0x89);
        descriptor(CODE16, 0, 0xffff, 0x9b);
        descriptor(DATA16, 0, 0xffff, 0x93);
        descriptor(CONFORMING, 0, 0xfffff, 0xc09f);
        descriptor(LDT_SELECTOR, LDT, 0x1f, 0x82);
        s.gdtrBase = GDT;
        s.gdtrLimit = 0xff;
        s.idtrBase = IDT;
        s.idtrLimit = 0x7ff;
        for (int vector = 0; vector < 256; vector++) {
            gate(vector, CODE0, handler(vector), 0x8e);
            m.bytes(handler(vector), 0xf4);
        }
        m.write(TSS + 4, 4, STACK0).write(TSS + 8, 2, DATA0).write(TSS + 102, 2, 104);
        s.tr.set(TSS_SELECTOR, TSS, TSS_LIMIT, 0x8b);
        s.cr0 |= 1;
        ring0();
    }

    void ring0() {
        s.segments[CS].set(CODE0, 0, 0xffff_ffffL, 0xc09b);
        for (int i : new int[] {SS, DS, ES}) {
            s.segments[i].set(DATA0, 0, 0xffff_ffffL, 0xc093);
        }
        s.gpr[RSP] = TestMachine.STACK;
    }

    ProtectedMachine ring3() {
        s.segments[CS].set(USER_CODE, 0, 0xffff_ffffL, 0xc0fb);
        for (int i : new int[] {SS, DS, ES}) {
            s.segments[i].set(USER_DATA, 0, 0xffff_ffffL, 0xc0f3);
        }
        s.gpr[RSP] = STACK3;
        return this;
    }

    /** Virtual-8086 mode with code at 0100:0000, the stack at 0800:1000. */
    ProtectedMachine v86(int iopl) {
        s.rflags |= 1 << 17 | iopl << 12;
        int[] selectors = {0x200, 0x100, 0x800, 0x300, 0x400, 0x500};
        for (int i = 0; i < 6; i++) {
            s.segments[i].set(selectors[i], (long) selectors[i] << 4, 0xffff, 0xf3);
        }
        s.rip = 0;
        s.gpr[RSP] = 0x1000;
        return this;
    }

    void descriptor(int selector, long base, long limit, int attributes) {
        m.write(GDT + (selector & ~7), 8, raw(base, limit, attributes));
    }

    static long raw(long base, long limit, int attributes) {
        return limit & 0xffff
                | (base & 0xff_ffff) << 16
                | (long) (attributes & 0xf0ff) << 40
                | (limit >>> 16 & 0xf) << 48
                | (base >>> 24 & 0xff) << 56;
    }

    /** An interrupt, trap, task or call gate. */
    static long gateBits(int selector, long offset, int rights, int parameters) {
        return offset & 0xffff
                | (long) selector << 16
                | (long) parameters << 32
                | (long) rights << 40
                | (offset >>> 16 & 0xffff) << 48;
    }

    void gate(int vector, int selector, long offset, int rights) {
        m.write(IDT + 8 * vector, 8, gateBits(selector, offset, rights, 0));
    }

    static int handler(int vector) {
        return HANDLERS + vector * HANDLER_BYTES;
    }

    /** Runs to a HLT. @return the vector of the handler it is in, or -1 */
    int vector() {
        m.run();
        long ip = s.rip - 1;
        return ip >= HANDLERS && ip < handler(256) ? (int) (ip - HANDLERS) / HANDLER_BYTES : -1;
    }

    /** The dword at ESP + 4n. */
    long stack(int n) {
        return m.read(s.segments[SS].base + (s.gpr[RSP] & 0xffff_ffffL) + 4L * n, 4);
    }

    /** Runs to the handler. @return "vector(error code) ip" of a fault with an error code */
    String fault() {
        int vector = vector();
        return "%d(%x) %x".formatted(vector, stack(0), stack(1));
    }

    @Override
    public void close() {
        m.close();
    }
}
