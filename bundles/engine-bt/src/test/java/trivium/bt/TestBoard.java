package trivium.bt;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.RSP;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.IntToLongFunction;
import trivium.bus.PortIo;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Segment;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.hostos.SharedMemory;
import trivium.memory.PhysicalMemory;
import trivium.mmu.MmuStrategy;
import trivium.x86.Reset;
import trivium.x86.fuzz.WalkingStrategy;
import trivium.x86.plain.PlainMemory;
import trivium.x86.plain.PlainVcpu;

/**
 * One vCPU on one engine with 1 MiB of RAM for short programs, in one of five modes. Exceptions end
 * the program and leave their frame on the stack. Outside real mode linear addresses are
 * guest-physical ones, but {@link #ABSENT} is not there, {@link #READ_ONLY} is just that, and
 * {@link #ALIAS} is {@link #DATA}; from {@link #FAR} on all comes again. In all modes {@link
 * #DEVICE} is no plain memory: its accesses are logged, and those of ports.
 */
final class TestBoard extends PlainVcpu implements AutoCloseable {
    enum Mode {
        REAL(16),
        PROTECTED16(16),
        PROTECTED32(32),
        PAE(32),
        LONG(64);

        final int bits;

        Mode(int bits) {
            this.bits = bits;
        }
    }

    static final int CODE = 0x4000, STACK = 0x8000, DATA = 0x20000, MORE = 0x30000;
    static final int ABSENT = 0x28000, READ_ONLY = 0x2a000, ALIAS = 0x2c000, DEVICE = 0x2e000;

    /** Where the handler of vector 0 lies, how far they are apart, and SYSCALL's number. */
    static final int HANDLERS = 0xa000, HANDLER_BYTES = 128, SYSCALL = 128;

    private static final int END = 0x3e;

    /** So far apart are pages that share TLB entries. */
    static final int FAR = 1 << 24;

    private static final int RAM_BYTES = 1 << 20, GDT = 0x1000, IDT = 0x2000, HANDLER = 0x3000;
    private static final int TABLES = 0x10000, PAGE_FLAGS = 0x63, VECTORS = 64, HALTS = 0x20;
    private static final int TASK = 0x5000, INNER_STACK = 0x7000, INTERRUPT_STACK = 0x6800;

    /** What {@link #rings} puts behind the other descriptors. */
    private static final int SYSTEM = 64, USER = 80, USER64 = 96, TASK_SELECTOR = 112;

    private static final int CODE16 = 8, CODE32 = 16, CODE64 = 24, DATA16 = 32, DATA32 = 40;

    private final Mode mode;
    private final SharedMemory ram = allocate();
    private final Ram memory = new Ram();
    private final VcpuState s = state();
    private final VcpuRunner runner;
    private VcpuExit exit;

    /** How the time-stamp counter follows the host's clock; it stands still if this is empty. */
    OptionalLong tscAhead = OptionalLong.empty();

    /** What the device does when it is read. */
    Runnable whenRead = () -> {};

    /** Accesses to devices. */
    final List<String> log = new ArrayList<>();

    private final PortIo ports = new TestPorts(log, this::raise);

    TestBoard(Mode mode, ExecutionEngine engine) {
        this(mode, engine, new WalkingStrategy());
    }

    TestBoard(Mode mode, ExecutionEngine engine, MmuStrategy strategy) {
        super(CpuModel.X86_64);
        this.mode = mode;
        Reset.powerOn(s, model());
        for (int i = DATA; i < MORE + 0x10000; i++) {
            memory.write(i, 1, (i * 13 ^ i >> 7 ^ i >> 14) & 0x7f);
        }
        for (int i = 0; i < HALTS; i++) {
            memory.write(HANDLER + i, 1, 0xf4);
        }
        switch (mode) {
            case REAL -> real();
            case LONG -> {
                descriptors();
                longMode();
            }
            default -> {
                descriptors();
                protectedMode();
            }
        }
        s.rip = mode.bits == 16 ? 0 : CODE;
        s.gpr[RSP] = STACK;
        runner = engine.attach(this, strategy);
    }

    // ---- the modes

    private void real() {
        for (int vector = 0; vector < VECTORS; vector++) {
            memory.write(4 * vector, 4, HANDLER);
        }
        segment(CS, CODE >>> 4, CODE, 0xffff, 0x9b);
        segment(VcpuState.DS, DATA >>> 4, DATA, 0xffff, 0x93);
        segment(VcpuState.ES, MORE >>> 4, MORE, 0xffff, 0x93);
        segment(VcpuState.SS, 0, 0, 0xffff, 0x93);
    }

    private void segment(int i, int selector, long base, long limit, int attributes) {
        s.segments[i].set(selector, base, limit, attributes);
    }

    private void descriptors() {
        memory.write(GDT + CODE16, 8, 0x0000_9b00_4000_ffffL);
        memory.write(GDT + CODE32, 8, 0x00cf_9b00_0000_ffffL);
        memory.write(GDT + CODE64, 8, 0x00af_9b00_0000_ffffL);
        memory.write(GDT + DATA16, 8, 0x0000_9302_0000_ffffL);
        memory.write(GDT + DATA32, 8, 0x00cf_9300_0000_ffffL);
        s.gdtrBase = GDT;
        s.gdtrLimit = 0xff;
        s.idtrBase = IDT;
        s.idtrLimit = 0x7ff;
        for (int i = 0; i < 6; i++) {
            segment(i, DATA32, 0, 0xffff_ffffL, 0xc093);
        }
    }

    private void protectedMode() {
        for (int vector = 0; vector < VECTORS; vector++) {
            memory.write(IDT + 8 * vector, 8, gate(CODE32));
        }
        if (mode == Mode.PAE) {
            directory();
            s.pdpte[0] = TABLES + 0x2000 | 1;
            s.cr4 = 1 << 5;
        } else {
            page(TABLES, TABLES + 0x1000, 4);
            page(TABLES + 4 * (FAR >>> 22), TABLES + 0x1000, 4);
            pages(TABLES + 0x1000, 4);
        }
        if (mode == Mode.PROTECTED16) {
            segment(CS, CODE16, CODE, 0xffff, 0x9b);
            segment(VcpuState.DS, DATA16, DATA, 0xffff, 0x93);
            segment(VcpuState.ES, DATA16, MORE, 0xefff, 0x93);
            segment(VcpuState.SS, DATA16, 0, 0xffff, 0x93);
        } else {
            segment(CS, CODE32, 0, 0xffff_ffffL, 0xc09b);
        }
        s.cr3 = TABLES;
        s.cr0 = 0x8001_0011L;
    }

    private static long gate(int selector) {
        return HANDLER | (long) selector << 16 | 0x8e00L << 32;
    }

    private void longMode() {
        for (int vector = 0; vector < VECTORS; vector++) {
            memory.write(IDT + 16 * vector, 8, gate(CODE64));
        }
        page(TABLES, TABLES + 0x1000, 8);
        page(TABLES + 0x1000, TABLES + 0x2000, 8);
        directory();
        segment(CS, CODE64, 0, 0xffff_ffffL, 0xa09b);
        s.cr3 = TABLES;
        s.cr4 = 1 << 5 | 1 << 9;
        s.efer = 0xd01;
        s.cr0 = 0x8001_0011L;
    }

    /** A page directory with entries of 8 bytes, and its table. */
    private void directory() {
        page(TABLES + 0x2000, TABLES + 0x3000, 8);
        page(TABLES + 0x2000 + 8 * (FAR >>> 21), TABLES + 0x3000, 8);
        pages(TABLES + 0x3000, 8);
    }

    private boolean wideEntries() {
        return mode == Mode.LONG || mode == Mode.PAE;
    }

    /** Where the page table's entry for a linear address is. */
    int leafEntry(int linear) {
        return wideEntries()
                ? TABLES + 0x3000 + 8 * (linear >>> 12)
                : TABLES + 0x1000 + 4 * (linear >>> 12);
    }

    /** Where the page directory's entry is for what is from {@link #FAR} on. */
    int farEntry() {
        return wideEntries() ? TABLES + 0x2000 + 8 * (FAR >>> 21) : TABLES + 4 * (FAR >>> 22);
    }

    /** Sets bits of an entry of the guest's tables, and clears others. */
    TestBoard change(int entry, long set, long clear) {
        int bytes = wideEntries() ? 8 : 4;
        memory.write(entry, bytes, memory.read(entry, bytes) & ~clear | set);
        return this;
    }

    private void page(int table, int to, int bytes) {
        memory.write(table, bytes, to | PAGE_FLAGS);
    }

    private void pages(int table, int bytes) {
        for (int at = 0; at < RAM_BYTES; at += 4096) {
            page(table + (at >>> 12) * bytes, at, bytes);
        }
        memory.write(table + (ABSENT >>> 12) * bytes, bytes, 0);
        memory.write(table + (READ_ONLY >>> 12) * bytes, bytes, READ_ONLY | PAGE_FLAGS & ~2);
        page(table + (ALIAS >>> 12) * bytes, DATA, bytes);
    }

    // ---- rings

    /**
     * All pages are ring 3's, there are a TSS, an IST and system calls, and the program is in one
     * of the rings, and ends by INT {@link #END}. Handlers lie from {@link #HANDLERS} on.
     */
    TestBoard rings(int ring) {
        boolean wide = mode == Mode.LONG;
        memory.write(GDT + SYSTEM, 8, wide ? 0x00af_9b00_0000_ffffL : 0x00cf_9b00_0000_ffffL);
        memory.write(GDT + SYSTEM + 8, 8, 0x00cf_9300_0000_ffffL);
        memory.write(GDT + USER, 8, 0x00cf_fb00_0000_ffffL);
        memory.write(GDT + USER + 8, 8, 0x00cf_f300_0000_ffffL);
        memory.write(GDT + USER64, 8, 0x00af_fb00_0000_ffffL);
        memory.write(GDT + USER64 + 8, 8, 0x00cf_f300_0000_ffffL);
        s.tr.set(TASK_SELECTOR, TASK, 0x67, 0x8b);
        if (wide) {
            memory.write(TASK + 4, 8, INNER_STACK);
            memory.write(TASK + 36, 8, INTERRUPT_STACK);
        } else {
            memory.write(TASK + 4, 4, INNER_STACK);
            memory.write(TASK + 8, 4, DATA32);
        }
        for (int i = 0; i < 4; i++) {
            for (int at = 0; at < 4096; at += wide ? 8 : 4) {
                int entry = TABLES + 4096 * i + at;
                memory.write(entry, 1, memory.read(entry, 1) | 4);
            }
        }
        memory.write(IDT + END * (wide ? 16 : 8) + 5, 1, 0xee);
        s.star = (long) USER << 48 | (long) SYSTEM << 32;
        s.lstar = HANDLERS + HANDLER_BYTES * SYSCALL;
        s.sfmask = 0x200;
        s.sysenterCs = SYSTEM;
        s.sysenterEip = HANDLERS + HANDLER_BYTES * (SYSCALL + 1);
        s.sysenterEsp = INNER_STACK;
        s.kernelGsBase = DATA;
        if (ring == 3) {
            for (int i = 0; i < 6; i++) {
                segment(i, USER + 8 | 3, 0, 0xffff_ffffL, 0xc0f3);
            }
            if (wide) {
                segment(CS, USER64 | 3, 0, 0xffff_ffffL, 0xa0fb);
            } else {
                segment(CS, USER | 3, 0, 0xffff_ffffL, 0xc0fb);
            }
        }
        s.segments[VcpuState.GS].base = wide ? MORE : 0;
        return this;
    }

    /** A handler, and its gate unless it is one of system calls; {@code ist} is for 64-bit code. */
    void handler(int vector, int attributes, int ist, String hex) {
        int at = HANDLERS + HANDLER_BYTES * vector;
        byte[] bytes = HexFormat.of().parseHex(hex);
        memory.write(at, bytes, 0, bytes.length);
        if (vector < SYSCALL) {
            long cs = mode == Mode.LONG ? CODE64 : CODE32;
            int gate = IDT + vector * (mode == Mode.LONG ? 16 : 8);
            memory.write(gate, 8, at | cs << 16 | (long) ist << 32 | (long) attributes << 40);
        }
    }

    // ---- running

    /** Machine code at the present instruction pointer, and a HLT behind it. */
    TestBoard code(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        memory.write(CODE, bytes, 0, bytes.length);
        memory.write(CODE + bytes.length, 1, 0xf4);
        return this;
    }

    /** Sets all general registers, by their numbers, but RSP. */
    TestBoard registers(IntToLongFunction values) {
        for (int i = 0; i < 16; i++) {
            if (i != RSP) {
                s.gpr[i] = values.applyAsLong(i);
            }
        }
        return this;
    }

    TestBoard run() {
        exit = runner.run();
        return this;
    }

    /** The state was changed as the guest's own code might have changed it. */
    void wentOnElsewhere() {
        runner.wentOnElsewhere();
    }

    /** Whether it sleeps and an interrupt would wake it. */
    boolean waits() {
        return s.activity == VcpuState.HALTED && (s.rflags & 1 << 9) != 0;
    }

    /** Runs so many instructions, or up to an exit. @return the CPU's state then */
    String run(long instructions) {
        exit = runner.run(instructions);
        return state(new StringBuilder()).toString();
    }

    long counter(String name) {
        return runner.counters().getOrDefault(name, 0L);
    }

    /** Instructions that the interpreter did. */
    long interpreted() {
        return counter("interpreted");
    }

    /** All that can be seen of how a program ended. */
    String end() {
        StringBuilder b = state(new StringBuilder());
        b.append("memory %x%n".formatted(memory.hash()));
        return b.append(log).toString();
    }

    private StringBuilder state(StringBuilder b) {
        b.append(exit).append(" after ").append(runner.instructions()).append('\n');
        b.append(
                "rip %x flags %x cr2 %x shadow %d%n"
                        .formatted(s.rip, s.rflags, s.cr2, s.interruptShadow));
        for (int i = 0; i < 16; i++) {
            b.append("r%d %x%n".formatted(i, s.gpr[i]));
        }
        for (Segment segment : s.segments) {
            b.append(segment).append('\n');
        }
        return b;
    }

    @Override
    public PhysicalMemory memory() {
        return memory;
    }

    @Override
    public PortIo ports() {
        return ports;
    }

    @Override
    public int acknowledgeInterrupt() {
        return take(INTR) ? VECTORS / 2 : -1;
    }

    @Override
    public long tsc() {
        return tscAhead.isPresent() ? System.nanoTime() + tscAhead.getAsLong() : 1;
    }

    @Override
    public OptionalLong tscAheadOfHost() {
        return tscAhead;
    }

    @Override
    public void close() {
        runner.close();
        ram.release();
    }

    private static SharedMemory allocate() {
        try {
            return SharedMemory.allocate("trivium-test", RAM_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** RAM, with one page whose accesses are logged. */
    private final class Ram extends PlainMemory {
        Ram() {
            super(ram.segment());
        }

        int hash() {
            return Arrays.hashCode(bytes().toArray(ValueLayout.JAVA_LONG));
        }

        @Override
        protected boolean readable(long gpa) {
            return super.readable(gpa) && gpa >>> 12 != DEVICE >>> 12;
        }

        @Override
        protected long readElsewhere(long gpa, int size) {
            log.add("read %x %d".formatted(gpa, size));
            whenRead.run();
            return gpa >>> 2 & -1L >>> 64 - 8 * size;
        }

        @Override
        protected void writeElsewhere(long gpa, int size, long value) {
            log.add("write %x %d %x".formatted(gpa, size, value & -1L >>> 64 - 8 * size));
        }
    }
}
