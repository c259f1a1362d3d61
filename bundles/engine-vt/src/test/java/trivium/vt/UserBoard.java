package trivium.vt;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.memory.PhysicalMemory;
import trivium.x86.fuzz.WalkingStrategy;
import trivium.x86.plain.PlainMemory;
import trivium.x86.plain.PlainVcpu;

/**
 * A vCPU in 64-bit ring 3, as under Linux, with a kernel of a few lines. User pages begin at {@link
 * #USER}; all memory is at {@link #SYSTEM} for the kernel.
 */
final class UserBoard implements AutoCloseable {
    static final long SYSTEM = 0xffff_8000_0000_0000L, USER = 0x40_0000;

    /** Frames: of the program's code, and of its data. */
    static final long CODE_FRAME = 0x1_0000, DATA_FRAME = 0x2_0000;

    static final long P = 1, RW = 2, US = 4, A = 0x20, D = 0x40, NX = 1L << 63;
    static final int CODE_PAGES = 16, DATA_PAGES = 32;

    /** The page table of user pages, and its first page. */
    static final long TABLE = 0x8000;

    private static final int RAM_BYTES = 2 << 20, PAGE = 4096;
    private static final long PML4 = 0x4000, PDPT = 0x5000, PD = 0x6000, SYSTEM_PDPT = 0x7000;
    private static final long SYSTEM_PD = 0x9000, GDT = 0x2000, TSS = 0x2800, IDT = 0x3000;
    private static final long KERNEL = 0x1000, STACK = 0xb000, FLAT = 0xffff_ffffL;
    private static final int UD = 6, BP = 3, PF = 14, HANDLER_UD = 0x40, HANDLER_PF = 0x60;
    private static final int HANDLER_BP = 0x80, KERNEL_CS = 0x10, TSS_SELECTOR = 0x40;

    /**
     * <pre>
     * syscall: TEST EAX, EAX; JNZ map; HLT                          ; 0: the end
     * map:     MOV [RDI], RSI; INVLPG [RDX]; SYSRETQ                ; 1
     * 40, #UD: ADD QWORD [RSP], 3; INC R15; IRETQ
     * 60, #PF: POP R13; MOV R14, CR2; MOV [RSP], RBP; IRETQ
     * 80, #BP: ADD R15, 100h; IRETQ
     * </pre>
     */
    private static final String KERNEL_CODE =
            "85c07501f44889370f013a480f07"
                    + "90".repeat(0x32)
                    + "488304240349ffc748cf"
                    + "90".repeat(0x16)
                    + "415d410f20d648892c2448cf"
                    + "90".repeat(0x14)
                    + "4981c70001000048cf";

    static final class Memory extends PlainMemory {
        Memory(Arena arena) {
            super(arena, RAM_BYTES);
        }

        @Override
        public List<DirectRange> directRanges() {
            return List.of(new DirectRange(0, RAM_BYTES, bytes().address(), true));
        }
    }

    final class Cpu extends PlainVcpu {
        Cpu() {
            super(CpuModel.X86_64);
        }

        @Override
        public PhysicalMemory memory() {
            return memory;
        }
    }

    private final Arena arena = Arena.ofShared();
    final Memory memory = new Memory(arena);
    final Cpu cpu = new Cpu();
    java.util.Map<String, Long> counters;

    UserBoard() {
        put(PML4, PDPT | P | RW | US);
        put(PML4 + 8 * 256, SYSTEM_PDPT | P | RW);
        put(PDPT, PD | P | RW | US);
        put(PD + 8 * 2, TABLE | P | RW | US);
        put(SYSTEM_PDPT, SYSTEM_PD | P | RW);
        put(SYSTEM_PD, 0x83);
        for (int i = 0; i < CODE_PAGES; i++) {
            map(USER + (long) i * PAGE, CODE_FRAME + (long) i * PAGE, P | US);
        }
        for (int i = 0; i < DATA_PAGES; i++) {
            map(
                    USER + DATA_FRAME + (long) i * PAGE,
                    DATA_FRAME + (long) i * PAGE,
                    P | RW | US | NX);
        }
        tables();
        state(cpu.state());
        code(KERNEL, KERNEL_CODE);
    }

    private void put(long gpa, long value) {
        memory.write(gpa, 8, value);
    }

    /** Maps a page of the 2 MiB at {@link #USER}. */
    void map(long linear, long frame, long rights) {
        put(TABLE + (linear >>> 12 & 0x1ff) * 8, frame | rights);
    }

    /** Puts code into a program's page, or anywhere. */
    void code(long gpa, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        memory.write(gpa, bytes, 0, bytes.length);
    }

    private void tables() {
        descriptor(KERNEL_CS, 0xa09b);
        descriptor(0x18, 0xc093);
        descriptor(0x28, 0xc0f3);
        descriptor(0x30, 0xa0fb);
        put(GDT + TSS_SELECTOR, 0x0000_8b00_0000_0067L | TSS << 16);
        put(GDT + TSS_SELECTOR + 8, SYSTEM >>> 32);
        put(TSS + 4, SYSTEM + STACK);
        gate(UD, HANDLER_UD, 0);
        gate(BP, HANDLER_BP, 3);
        gate(PF, HANDLER_PF, 0);
    }

    private void descriptor(int selector, int attributes) {
        put(GDT + selector, 0xffffL | (attributes & 0xf0ffL | 0xf00) << 40);
    }

    private void gate(int vector, int handler, int dpl) {
        long at = SYSTEM + KERNEL + handler;
        put(IDT + vector * 16L, at & 0xffff | KERNEL_CS << 16 | (0x8e00L | dpl << 13) << 32);
        put(IDT + vector * 16L + 8, at >>> 32);
    }

    private static void state(VcpuState s) {
        s.cr0 = 0x8001_0033L;
        s.cr3 = PML4;
        s.cr4 = 0x620;
        s.efer = 0xd01;
        s.star = 0x0023_0010_0000_0000L;
        s.lstar = SYSTEM + KERNEL;
        s.sfmask = 0x200;
        s.pat = 0x0007_0406_0007_0406L;
        s.dr[6] = 0xffff_0ff0L;
        s.dr[7] = 0x400;
        s.gdtrBase = SYSTEM + GDT;
        s.gdtrLimit = 0x5f;
        s.idtrBase = SYSTEM + IDT;
        s.idtrLimit = 0xfff;
        s.tr.set(TSS_SELECTOR, SYSTEM + TSS, 0x67, 0x8b);
        s.fcw = 0x37f;
        s.mxcsr = 0x1f80;
        s.segments[VcpuState.SS].set(0x2b, 0, FLAT, 0xc0f3);
        s.segments[VcpuState.CS].set(0x33, 0, FLAT, 0xa0fb);
        s.rip = USER;
        s.rflags = 0x202;
        s.gpr[VcpuState.RSP] = USER + DATA_FRAME + (long) DATA_PAGES * PAGE;
    }

    /** Runs until the kernel halts. */
    void run(ExecutionEngine engine) {
        try (VcpuRunner runner = engine.attach(cpu, new WalkingStrategy())) {
            VcpuExit exit = runner.run();
            if (!(exit instanceof VcpuExit.Halted)) {
                throw new AssertionError("%s at %#x".formatted(exit, cpu.state().rip));
            }
            counters = runner.counters();
        }
    }

    /** Registers, and all memory as a hash of each page that is not zero. */
    String end() {
        VcpuState s = cpu.state();
        var text = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            text.append("r%d %x%n".formatted(i, s.gpr[i]));
        }
        text.append("rip %x flags %x cr2 %x%n".formatted(s.rip, s.rflags, s.cr2));
        for (int i = 0; i < 6; i++) {
            text.append("segment %d %s%n".formatted(i, s.segments[i]));
        }
        byte[] page = new byte[PAGE];
        for (long gpa = 0; gpa < RAM_BYTES; gpa += PAGE) {
            memory.read(gpa, page, 0, PAGE);
            int hash = Arrays.hashCode(page);
            text.append(hash == 0 ? "" : "%x %x%n".formatted(gpa, hash));
        }
        for (int i = 0; i < 512; i++) {
            text.append("%x ".formatted(memory.read(TABLE + 8L * i, 8)));
        }
        return text.toString();
    }

    @Override
    public void close() {
        arena.close();
    }
}
