package trivium.bt;

import static trivium.bt.Asm.*;

import java.util.ArrayList;
import java.util.List;
import trivium.x86.interp.Cpu;

/**
 * The code that all translations share, at the start of the code cache: into generated code and
 * back (System V ABI: RBX, RBP and R12 to R15 are the caller's).
 */
final class Stubs {
    private static final int[] SAVED = {RBX, RBP, R12, R13, R14, R15};

    /** Sizes of accesses that are looked up by subroutines: 1 to 16 bytes. */
    private static final int LOOKUPS = 5;

    private final long enter, exit, fault, resume, tsc, invlpg, findJump, poll;

    /** By TLB and direction. */
    private final long[] fills = new long[2 * Area.EXEC_TABLES];

    /** By TLB and direction, and by the binary logarithm of the bytes. */
    private final long[][] lookups = new long[fills.length][LOOKUPS];

    /** By TLB. */
    private final long[] besideCode = new long[Area.EXEC_TABLES],
            fetches = new long[Area.EXEC_TABLES],
            jumps = new long[Area.EXEC_TABLES];

    /** By size and direction. */
    private final long[] ports = new long[6];

    /**
     * @param origin host address at which {@code a}'s code will run
     * @param avx whether the host's CPU has AVX
     */
    Stubs(Asm a, long origin, boolean avx) {
        a.reset();
        enter = origin;
        enter(a, avx);
        exit = origin + a.size;
        exit(a);
        fault = origin + a.size;
        fault(a);
        resume = origin + a.size;
        resume(a, avx);
        tsc = origin + a.size;
        TimeStamp.emit(a);
        invlpg = origin + a.size;
        PageInvalidation.emit(a);
        int find = a.size;
        findJump = origin + find;
        findJump(a);
        poll = origin + a.size;
        poll(a);
        PageWalks walks = new PageWalks(a);
        for (int i = 0; i < fills.length; i++) {
            int tlb = i / 2 * Cpu.SUPERVISOR_TLB;
            boolean write = i % 2 != 0;
            int fill = walks.emit(tlb, write);
            fills[i] = origin + fill;
            for (int j = 0; j < LOOKUPS; j++) {
                lookups[i][j] = origin + walks.emitLookup(tlb, write, 1 << j, fill);
            }
        }
        for (int i = 0; i < besideCode.length; i++) {
            besideCode[i] = origin + a.size;
            BesideCode.emit(a, i);
        }
        for (int i = 0; i < fetches.length; i++) {
            int fetch = walks.emitFetch(i);
            fetches[i] = origin + fetch;
            jumps[i] = origin + a.size;
            jump(a, i, find, fetch);
        }
        for (int i = 0; i < ports.length; i++) {
            ports[i] = origin + a.size;
            SharedAccess.emit(a, i < 3, 1 << i % 3);
        }
    }

    /** Where code goes on that faulted in the window: to Java, with {@link Exit#WINDOW}. */
    long fault() {
        return fault;
    }

    /** Called with the host address to go on at, with all registers as at the fault. */
    long resume() {
        return resume;
    }

    /** Does RDTSC, or sets CF. T0 to T2 are lost, and EFLAGS. */
    long tsc() {
        return tsc;
    }

    /** Does INVLPG of T0, or sets CF. T1 and T2 are lost, and EFLAGS. */
    long invlpg() {
        return invlpg;
    }

    /**
     * Called with the {@link Area#JUMPS entry} at T1 for the IP in T0, where that is another's: T1
     * leads to the neighbour that has it, and ZF is set if there is one. Other EFLAGS are lost.
     */
    long findJump() {
        return findJump;
    }

    /**
     * Looks for events and takes a sample now and then: CF is set if the block is to be left, and
     * T1 is {@link Exit#EVENT}'s bits to be changed for it then. T1 and T2 are lost, and EFLAGS.
     */
    long poll() {
        return poll;
    }

    /**
     * Leads T1 to the {@link Area#JUMPS entry} for the IP in T0, if that may be gone to, or sets
     * CF. T2 is lost, and EFLAGS. For code whose base is 0.
     */
    long jump(Mode mode) {
        return jumps[mode.table()];
    }

    /** Fills the TLB for an access at T0, or sets CF. T1 and T2 are lost, and EFLAGS. */
    long fill(Mode mode, boolean write) {
        return fills[fill(mode.table(), write)];
    }

    private static int fill(int table, boolean write) {
        return 2 * table + (write ? 1 : 0);
    }

    /**
     * From T0 = linear address to T0 = host address of an access, or sets CF. T1 and T2 are lost,
     * and EFLAGS.
     *
     * @return 0 if there is no subroutine for this size
     */
    long lookup(Mode mode, boolean write, int bytes) {
        int size = Integer.numberOfTrailingZeros(bytes);
        return bytes == 1 << size && size < LOOKUPS ? lookups[fill(mode.table(), write)][size] : 0;
    }

    /** See {@link BesideCode}. */
    long besideCode(Mode mode) {
        return besideCode[mode.table()];
    }

    /**
     * Fills the EXEC entry for linear address T0 with the cookie in T2, if that is what is there,
     * or sets CF. T2 is lost, and EFLAGS.
     */
    long fetch(Mode mode) {
        return fetches[mode.table()];
    }

    /** Called with the host address to go on at. */
    long enter() {
        return enter;
    }

    /** Jumped to with {@link Exit}'s word in T2; T0 is kept in {@link Area#ADDRESS}. */
    long exit() {
        return exit;
    }

    /**
     * Called with a port in T0: does IN or OUT of {@code size} bytes if a register is shared, or
     * sets CF. T1 and T2 are lost, and EFLAGS.
     */
    long port(boolean read, int size) {
        return ports[(read ? 0 : 3) + Integer.numberOfTrailingZeros(size)];
    }

    private static void enter(Asm a, boolean avx) {
        save(a);
        a.mov(8, Gen.T0, RDI);
        for (int guest = 1; guest < 16; guest++) {
            if (Gen.canonical(guest) >= 0) {
                a.load(8, Gen.canonical(guest), Rm.gs(Area.register(guest)));
            }
        }
        a.load(8, Gen.COUNT, Rm.gs(Area.COUNT));
        loadFp(a, avx);
        a.extend(false, 2, 4, RAX, Rm.gs(Area.FLAGS));
        a.aluImm(ADD, 1, Rm.reg(RAX), 0x7f);
        a.sahf();
        a.load(8, RAX, Rm.gs(Area.register(0)));
        a.jmpRm(Rm.reg(Gen.T0));
    }

    private static void exit(Asm a) {
        a.store(4, Rm.gs(Area.INFO), Gen.T2);
        a.store(8, Rm.gs(Area.ADDRESS), Gen.T0);
        for (int guest = 0; guest < 16; guest++) {
            if (Gen.canonical(guest) >= 0) {
                a.store(8, Rm.gs(Area.register(guest)), Gen.canonical(guest));
            }
        }
        toJava(a);
    }

    private static void findJump(Asm a) {
        List<Integer> found = new ArrayList<>();
        for (int neighbour : Area.JUMP_NEIGHBOURS) {
            a.aluImm(XOR, 4, Rm.reg(Gen.T1), neighbour);
            a.alu(CMP, 8, Gen.T0, Rm.gs(Gen.T1, Area.JUMP_IP));
            found.add(a.jcc(E));
        }
        found.forEach(a::bind);
        a.ret();
    }

    private static void jump(Asm a, int table, int findJump, int fetch) {
        Gen.jumpEntry(a);
        a.alu(CMP, 8, Gen.T0, Rm.gs(Gen.T1, Area.JUMP_IP));
        int other = a.jcc(NE);
        int found = a.size;
        a.load(4, Gen.T2, Rm.gs(Gen.T1, Area.JUMP_EXEC));
        a.load(4, Gen.T2, Rm.gs(Gen.T2, Area.EXEC + table * Area.EXEC_BYTES));
        a.alu(CMP, 4, Gen.T2, Rm.gs(Gen.T1, Area.JUMP_COOKIE));
        int stale = a.jcc(NE);
        a.ret(); // CF is not set
        a.bind(stale);
        a.load(4, Gen.T2, Rm.gs(Gen.T1, Area.JUMP_COOKIE));
        a.bindTo(a.call(), fetch);
        a.bindTo(a.jcc(AE), found);
        a.ret();
        a.bind(other);
        a.bindTo(a.call(), findJump);
        a.bindTo(a.jcc(E), found);
        a.u8(0xf9); // stc
        a.ret();
    }

    private static void poll(Asm a) {
        a.load(8, Gen.T2, Rm.gs(Area.PENDING_POINTER));
        a.aluImm(CMP, 4, Rm.mem(Gen.T2, 0), 0);
        int pending = a.jcc(NE);
        int quiet = a.size;
        a.aluImm(SUB, 4, Rm.gs(Area.HEAT), 1);
        int sample = a.jcc(S);
        a.u8(0xf8); // clc
        a.ret();
        a.bind(pending);
        a.aluImm(CMP, 4, Rm.mem(Gen.T2, 0), Gen.INTR);
        int leave = a.jcc(NE);
        a.testImm(4, Rm.gs(Area.RFLAGS), Gen.IF);
        a.bindTo(a.jcc(E), quiet);
        a.bind(leave);
        a.alu(XOR, 4, Gen.T1, Rm.reg(Gen.T1));
        a.u8(0xf9); // stc
        a.ret();
        a.bind(sample);
        a.movImm(Gen.T1, Exit.info(Exit.EVENT ^ Exit.HEAT, 0, 0) & 0xffff_ffffL);
        a.u8(0xf9);
        a.ret();
    }

    private static void fault(Asm a) {
        for (int register = 0; register < 16; register++) {
            if (register != RSP) {
                a.store(8, Rm.gs(Area.WINDOW_REGISTERS + 8 * register), register);
            }
        }
        a.u8(0x9c); // pushfq
        a.pop(RAX);
        a.store(8, Rm.gs(Area.WINDOW_RFLAGS), RAX);
        a.storeImm(4, Rm.gs(Area.INFO), Exit.info(Exit.WINDOW, 0, 0));
        toJava(a);
    }

    private static void resume(Asm a, boolean avx) {
        save(a);
        a.store(8, Rm.gs(Area.WINDOW_TARGET), RDI);
        loadFp(a, avx);
        a.load(8, RAX, Rm.gs(Area.WINDOW_RFLAGS));
        a.push(RAX);
        a.u8(0x9d); // popfq
        for (int register = 0; register < 16; register++) {
            if (register != RSP) {
                a.load(8, register, Rm.gs(Area.WINDOW_REGISTERS + 8 * register));
            }
        }
        a.jmpRm(Rm.gs(Area.WINDOW_TARGET));
    }

    /** The caller's registers. */
    private static void save(Asm a) {
        for (int register : SAVED) {
            a.push(register);
        }
        a.aluImm(SUB, 8, Rm.reg(RSP), 8);
    }

    private static void loadFp(Asm a, boolean avx) {
        if (avx) {
            // vzeroupper: with upper halves in use some CPUs run SSE code slowly.
            a.u8(0xc5);
            a.u8(0xf8);
            a.u8(0x77);
        }
        withFp(a, () -> a.sse(0, 0x0fae, true, 1, Rm.gs(Area.FP_IMAGE))); // fxrstor64
    }

    private static void toJava(Asm a) {
        a.store(8, Rm.gs(Area.COUNT), Gen.COUNT);
        withFp(
                a,
                () -> {
                    a.sse(0, 0x0fae, true, 0, Rm.gs(Area.FP_IMAGE)); // fxsave64
                    a.u8(0xdb); // fninit
                    a.u8(0xe3);
                    a.sse(0, 0x0fae, false, 2, Rm.gs(Area.HOST_MXCSR)); // ldmxcsr
                });
        a.aluImm(ADD, 8, Rm.reg(RSP), 8);
        for (int i = SAVED.length - 1; i >= 0; i--) {
            a.pop(SAVED[i]);
        }
        a.ret();
    }

    /** Code for when the guest's x87 and SSE state is in the host's units. */
    private static void withFp(Asm a, Runnable code) {
        a.aluImm(CMP, 4, Rm.gs(Area.FP_LOADED), 0);
        int over = a.jcc(E);
        code.run();
        a.bind(over);
    }
}
