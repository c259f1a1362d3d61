package trivium.x86.vectors;

import trivium.cpu.ExecutionEngine;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.mmu.MmuStrategy;

/**
 * Runs the vectors of one X86VEC1 file on an engine and compares the outcome exactly, but for the
 * liberties that cpu-vectors/README.md gives.
 */
final class X86Vec1Runner implements AutoCloseable {
    /** CF PF AF ZF SF DF OF. */
    private static final int COMPARED_FLAGS = 0xcd5;

    private static final int IF = 1 << 9;
    private static final int FSW_PE = 1 << 5, FSW_C1 = 1 << 9;
    private static final int CLASS_SSE = 1;

    /** A REP may take one step for each iteration; vectors have small counts. */
    private static final int MAX_STEPS = 1 << 17;

    private static final String[] GPR = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
    };

    private final ExecutionEngine engine;
    private final MmuStrategy mmu;
    private final X86Vec1File file;
    private final LongModeBoard board;
    private VcpuRunner runner;

    /** Where the outcome's IP, EFLAGS and RSP are: in the registers or in an exception frame. */
    private long ip, rsp;

    private int eflags, vector, errorCode;

    X86Vec1Runner(ExecutionEngine engine, MmuStrategy mmu, X86Vec1File file) {
        this.engine = engine;
        this.mmu = mmu;
        this.file = file;
        this.board = new LongModeBoard(file.mode, file.code, file.data);
        this.runner = engine.attach(board.vcpu(), mmu);
    }

    /** Runs the file's present vector; {@code differences} stay empty if it passes. */
    void run(Differences differences) {
        X86Vec1 v = file.vector;
        prepare(v);
        try {
            String failure = execute(v);
            if (failure != null) {
                differences.add(failure);
            } else {
                readOutcome();
                compare(v, differences);
            }
        } catch (RuntimeException | AssertionError e) {
            differences.add("the engine threw " + Failures.describe(e));
            runner.close();
            runner = engine.attach(board.vcpu(), mmu);
        }
        board.eraseInstruction(file.code, v.instructionLength);
    }

    private void prepare(X86Vec1 v) {
        VcpuState s = board.vcpu().state();
        s.set(board.initial());
        System.arraycopy(v.in.gpr, 0, s.gpr, 0, 16);
        s.rip = file.ip;
        s.rflags = v.in.eflags & 0xffff_ffffL;
        s.fcw = v.in.fcw;
        s.fsw = v.in.fsw;
        s.ftw = v.in.ftw;
        for (int i = 0; i < 8; i++) {
            int physical = (v.in.fsw >> 11) + i & 7;
            s.fpMantissa[physical] = v.in.stMantissa[i];
            s.fpSignExponent[physical] = v.in.stSignExponent[i];
        }
        s.mxcsr = v.in.mxcsr;
        System.arraycopy(v.in.xmm, 0, s.xmm, 0, 32);
        board.writeData(v.in.data);
        board.writeInstruction(file.code, v.instruction, v.instructionLength);
    }

    private String execute(X86Vec1 v) {
        boolean repeats =
                RepeatedString.is(v.instruction, v.instructionLength, file.mode == 64, false);
        VcpuState s = board.vcpu().state();
        int steps = 0;
        do {
            VcpuExit exit = runner.step();
            if (exit != null) {
                return "the engine stopped: " + exit;
            }
        } while (repeats && s.rip == file.ip && !board.exceptionDelivered() && ++steps < MAX_STEPS);
        return null;
    }

    /** SDM Vol. 3A "64-Bit Mode Stack Frame": error code if any, RIP, CS, RFLAGS, RSP, SS. */
    private void readOutcome() {
        VcpuState s = board.vcpu().state();
        if (!board.exceptionDelivered()) {
            vector = X86Vec1.COMPLETED;
            errorCode = 0;
            ip = s.rip;
            eflags = (int) s.rflags;
            rsp = s.gpr[VcpuState.RSP];
            return;
        }
        vector = board.deliveredVector();
        boolean hasErrorCode = vector >= 0 && vector < 32 && (0x0022_7d00 >> vector & 1) != 0;
        errorCode = hasErrorCode ? (int) board.frame(0) : 0;
        int at = hasErrorCode ? 1 : 0;
        ip = board.frame(at);
        eflags = (int) board.frame(at + 2);
        rsp = board.frame(at + 3);
    }

    private void compare(X86Vec1 v, Differences d) {
        VcpuState s = board.vcpu().state();
        if (vector != v.vector) {
            d.add(
                    "outcome: expected %s, got %s, error code %x, cr2 %x"
                            .formatted(outcome(v.vector), outcome(vector), errorCode, s.cr2));
        }
        d.compare("error code", v.errorCode, errorCode);
        d.compare("cr2", v.cr2, vector == 14 ? s.cr2 : 0);
        d.compare("ip", v.ip, ip);
        d.compareFlags(v.out.eflags | IF, eflags, COMPARED_FLAGS & ~v.undefined | IF);
        compareGpr(v, s, d);
        compareX87(v, s, d);
        compareSse(v, s, d);
        compareMemory(v, d);
    }

    private static String outcome(int vector) {
        return switch (vector) {
            case X86Vec1.COMPLETED -> "completion";
            case -1 -> "CPL 0 at an unknown place";
            default -> "exception " + vector;
        };
    }

    private void compareGpr(X86Vec1 v, VcpuState s, Differences d) {
        long mask = v.registers() == 16 ? -1 : 0xffff_ffffL;
        for (int i = 0; i < v.registers(); i++) {
            long actual = i == VcpuState.RSP ? rsp : s.gpr[i];
            d.compare(GPR[i], v.out.gpr[i] & mask, actual & mask);
        }
    }

    private static void compareX87(X86Vec1 v, VcpuState s, Differences d) {
        boolean approximate = v.has(X86Vec1.APPROXIMATE) && v.has(X86Vec1.HAS_X87);
        int free = approximate ? FSW_PE | FSW_C1 : 0;
        d.compare("fcw", v.out.fcw, s.fcw);
        d.compare("fsw", v.out.fsw & ~free, s.fsw & ~free);
        d.compare("ftw", v.out.ftw, s.ftw);
        for (int i = 0; i < 8; i++) {
            int physical = (v.out.fsw >> 11) + i & 7;
            long mantissa = s.fpMantissa[physical];
            int signExponent = s.fpSignExponent[physical];
            boolean same =
                    mantissa == v.out.stMantissa[i] && signExponent == v.out.stSignExponent[i];
            if (!same && !(approximate && agree(v, i, mantissa, signExponent))) {
                d.add(
                        "st%d: expected %04x %016x, got %04x %016x"
                                .formatted(
                                        i,
                                        v.out.stSignExponent[i],
                                        v.out.stMantissa[i],
                                        signExponent,
                                        mantissa));
            }
        }
    }

    private static boolean agree(X86Vec1 v, int i, long mantissa, int signExponent) {
        return Tolerance.extendedAgree(
                v.out.stMantissa[i], v.out.stSignExponent[i], mantissa, signExponent);
    }

    private static void compareSse(X86Vec1 v, VcpuState s, Differences d) {
        d.compare("mxcsr", v.out.mxcsr, s.mxcsr);
        boolean approximate = v.has(X86Vec1.APPROXIMATE) && v.klass == CLASS_SSE;
        for (int i = 0; i < 2 * v.registers(); i++) {
            boolean same = v.out.xmm[i] == s.xmm[i];
            if (!same && !(approximate && Tolerance.reciprocalsAgree(v.out.xmm[i], s.xmm[i]))) {
                d.add(
                        "xmm%d %s: expected %016x, got %016x"
                                .formatted(
                                        i / 2,
                                        i % 2 == 0 ? "low" : "high",
                                        v.out.xmm[i],
                                        s.xmm[i]));
            }
        }
    }

    private void compareMemory(X86Vec1 v, Differences d) {
        if (board.dataMismatch(v.out.data) < 0) {
            return;
        }
        for (int i = 0; i < X86Vec1.DATA_BYTES; i++) {
            d.compare("data page byte ", i, v.out.data[i] & 0xff, board.dataByte(i));
        }
    }

    /** The present one: a failure may have made it a new one. */
    VcpuRunner engineRunner() {
        return runner;
    }

    @Override
    public void close() {
        runner.close();
        board.close();
    }
}
