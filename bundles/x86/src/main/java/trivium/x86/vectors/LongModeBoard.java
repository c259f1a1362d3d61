package trivium.x86.vectors;

import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.VcpuState;

/**
 * RAM laid out as an operating system would for one CPL 3 program in long mode: 4-level page
 * tables, a code and a data page for the user, and in the upper half supervisor pages with GDT,
 * LDT, IDT, TSS, a stack and exception handlers, so that an exception ends in CPL 0 at an address
 * that tells its vector. Selectors are those of Linux, which recorded the vectors.
 */
final class LongModeBoard implements AutoCloseable {
    static final int PAGE_BYTES = 4096;

    private static final long P = 1, RW = 2, US = 4, NX = 1L << 63;
    private static final long SYSTEM = 0xffff_8000_0000_0000L;
    private static final long GDT = SYSTEM, LDT = SYSTEM + 0x800, TSS = SYSTEM + 0xc00;
    private static final long IDT = SYSTEM + 0x1000, STACK = SYSTEM + 0x2000;
    private static final long HANDLERS = SYSTEM + 0x3000;
    private static final int HANDLER_BYTES = 16;
    private static final int KERNEL_CS = 0x10, USER32_CS = 0x23, USER_DS = 0x2b, USER64_CS = 0x33;
    private static final int USER16_CS = 0x0f, TSS_SELECTOR = 0x40, LDT_SELECTOR = 0x50;
    private static final int GDT_LIMIT = 0x5f, LDT_LIMIT = 0x0f, TSS_LIMIT = 0x67;
    private static final long FLAT = 0xffff_ffffL;

    /** Physical frames; page tables follow. */
    private static final long SYSTEM_FRAME = 0x1000, CODE_FRAME = 0x5000, DATA_FRAME = 0x6000;

    private static final long PML4 = 0x8000;
    private static final int RAM_BYTES = 0x40000;

    private final VectorMemory memory = new VectorMemory(RAM_BYTES, -1, false);
    private final VectorVcpu vcpu = new VectorVcpu(CpuModel.X86_64, memory);
    private final VcpuState initial = new VcpuState();
    private final byte[] breakpoints = new byte[PAGE_BYTES];
    private long nextTable = PML4 + PAGE_BYTES;

    /**
     * @param mode 16, 32 or 64
     * @param code linear address of the instruction
     * @param data linear address of the data page
     */
    LongModeBoard(int mode, long code, long data) {
        java.util.Arrays.fill(breakpoints, (byte) 0xcc);
        map(code & -PAGE_BYTES, CODE_FRAME, P | RW | US);
        map(data, DATA_FRAME, P | RW | US | NX);
        for (int page = 0; page < 4; page++) {
            map(SYSTEM + page * PAGE_BYTES, SYSTEM_FRAME + page * PAGE_BYTES, P | RW);
        }
        writeTables(code & -PAGE_BYTES);
        writeState(mode, code & -PAGE_BYTES);
        restoreCodePage();
    }

    private void map(long linear, long frame, long rights) {
        long table = PML4;
        for (int shift = 39; shift > 12; shift -= 9) {
            long entry = table + (linear >>> shift & 0x1ff) * 8;
            if (memory.read(entry, 8) == 0) {
                memory.write(entry, 8, nextTable | P | RW | US);
                nextTable += PAGE_BYTES;
            }
            table = memory.read(entry, 8) & 0xf_ffff_ffff_f000L;
        }
        memory.write(table + (linear >>> 12 & 0x1ff) * 8, 8, frame | rights);
    }

    private static long frameOf(long systemLinear) {
        return systemLinear - SYSTEM + SYSTEM_FRAME;
    }

    /** SDM Vol. 3A "Segment Descriptors", "64-Bit Mode IDT", "Task Management in 64-bit Mode". */
    private void writeTables(long codePage) {
        descriptor(GDT + KERNEL_CS, 0, 0xfffff, 0xa09b);
        descriptor(GDT + (USER32_CS & ~7), 0, 0xfffff, 0xc0fb);
        descriptor(GDT + (USER_DS & ~7), 0, 0xfffff, 0xc0f3);
        descriptor(GDT + (USER64_CS & ~7), 0, 0xfffff, 0xa0fb);
        systemDescriptor(TSS_SELECTOR, TSS, TSS_LIMIT, 0x8b);
        systemDescriptor(LDT_SELECTOR, LDT, LDT_LIMIT, 0x82);
        descriptor(LDT + (USER16_CS & ~7), codePage, 0xffff, 0x00fb);
        memory.write(frameOf(TSS) + 4, 8, STACK + PAGE_BYTES);
        memory.write(frameOf(TSS) + 102, 2, TSS_LIMIT + 1);
        for (int vector = 0; vector < 256; vector++) {
            gate(vector, HANDLERS + vector * HANDLER_BYTES, vector == 3 || vector == 4 ? 3 : 0);
        }
        for (int at = 0; at < PAGE_BYTES; at++) {
            memory.write(frameOf(HANDLERS) + at, 1, 0xf4);
        }
    }

    private void descriptor(long linear, long base, long limit, int attributes) {
        long low = limit & 0xffff | (base & 0xff_ffff) << 16;
        long high = attributes & 0xf0ff | limit >>> 8 & 0xf00 | (base >>> 24 & 0xff) << 16;
        memory.write(frameOf(linear), 8, low | high << 40);
    }

    private void systemDescriptor(int selector, long base, int limit, int attributes) {
        descriptor(GDT + selector, base, limit, attributes);
        memory.write(frameOf(GDT + selector + 8), 8, base >>> 32);
    }

    private void gate(int vector, long handler, int dpl) {
        long low = handler & 0xffff | (long) KERNEL_CS << 16;
        long rights = 0x8e00L | dpl << 13;
        long entry = frameOf(IDT) + vector * 16;
        memory.write(entry, 8, low | rights << 32 | (handler >>> 16 & 0xffff) << 48);
        memory.write(entry + 8, 8, handler >>> 32);
    }

    private void writeState(int mode, long codePage) {
        VcpuState s = initial;
        s.cr0 = 0x8001_0033L; // PG WP NE ET MP PE
        s.cr3 = PML4;
        s.cr4 = 0xe20; // UMIP OSXMMEXCPT OSFXSR PAE; PGE is of no use here
        s.efer = 0xd01; // NXE LMA LME SCE
        s.pat = 0x0007_0406_0007_0406L;
        s.dr[6] = 0xffff_0ff0L;
        s.dr[7] = 0x400;
        s.gdtrBase = GDT;
        s.gdtrLimit = GDT_LIMIT;
        s.idtrBase = IDT;
        s.idtrLimit = 256 * 16 - 1;
        s.tr.set(TSS_SELECTOR, TSS, TSS_LIMIT, 0x8b);
        s.ldtr.set(LDT_SELECTOR, LDT, LDT_LIMIT, 0x82);
        for (int data : new int[] {VcpuState.ES, VcpuState.SS, VcpuState.DS}) {
            s.segments[data].set(USER_DS, 0, FLAT, 0xc0f3);
        }
        Segment cs = s.segments[VcpuState.CS];
        switch (mode) {
            case 16 -> cs.set(USER16_CS, codePage, 0xffff, 0x00fb);
            case 32 -> cs.set(USER32_CS, 0, FLAT, 0xc0fb);
            default -> cs.set(USER64_CS, 0, FLAT, 0xa0fb);
        }
    }

    VectorVcpu vcpu() {
        return vcpu;
    }

    /** The state at CPL 3, with everything that vectors do not mention. */
    VcpuState initial() {
        return initial;
    }

    void writeData(byte[] page) {
        memory.write(DATA_FRAME, page, 0, PAGE_BYTES);
    }

    int dataMismatch(byte[] page) {
        return memory.mismatch(DATA_FRAME, page);
    }

    int dataByte(int offset) {
        return (int) memory.read(DATA_FRAME + offset, 1);
    }

    void writeInstruction(long code, byte[] bytes, int length) {
        memory.write(CODE_FRAME + code % PAGE_BYTES, bytes, 0, length);
    }

    /** INT3 everywhere again; only what differs is stored, since stores drop cached code. */
    void eraseInstruction(long code, int length) {
        memory.write(CODE_FRAME + code % PAGE_BYTES, breakpoints, 0, length);
        if (memory.mismatch(CODE_FRAME, breakpoints) >= 0) {
            restoreCodePage();
        }
    }

    private void restoreCodePage() {
        memory.write(CODE_FRAME, breakpoints, 0, PAGE_BYTES);
    }

    boolean exceptionDelivered() {
        return (vcpu.state().segments[VcpuState.CS].selector & 3) == 0;
    }

    /** The vector whose handler the vCPU stands at, or -1 if it stands elsewhere. */
    int deliveredVector() {
        long offset = vcpu.state().rip - HANDLERS;
        boolean handler = offset >= 0 && offset < PAGE_BYTES && offset % HANDLER_BYTES == 0;
        return handler ? (int) (offset / HANDLER_BYTES) : -1;
    }

    /** Quadword {@code index} of the frame on the supervisor stack. */
    long frame(int index) {
        long linear = vcpu.state().gpr[VcpuState.RSP] + 8L * index;
        return linear < STACK || linear > STACK + PAGE_BYTES - 8
                ? -1
                : memory.read(frameOf(linear), 8);
    }

    @Override
    public void close() {
        memory.close();
    }
}
