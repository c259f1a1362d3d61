package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;

import trivium.hostos.HostClock;

/**
 * The subroutine that reads the time-stamp counter: it calls the C library for the host's clock.
 * See {@link Stubs#tsc}.
 */
final class TimeStamp {
    /** What the C library may change of what generated code has in registers. */
    private static final int[] VOLATILE = {RCX, RSI, RDI, R8, R9, R10, R11};

    private static final int XMM = 16, XMM_BYTES = 16;

    /** In the frame: a timespec, and the SSE registers. */
    private static final int SECONDS = 0, NANOS = 8, SSE = 16, FRAME = SSE + XMM * XMM_BYTES;

    private static final int NANOS_PER_SECOND = 1_000_000_000;
    private static final int MOVUPS_LOAD = 0x0f10, MOVUPS_STORE = 0x0f11;

    private TimeStamp() {}

    static void emit(Asm a) {
        a.aluImm(CMP, 4, Rm.gs(Area.TSC_OFFERED), 0);
        int not = a.jcc(E);
        for (int register : VOLATILE) {
            a.push(register);
        }
        a.mov(8, T0, RSP);
        a.aluImm(SUB, 8, Rm.reg(RSP), FRAME);
        a.aluImm(AND, 8, Rm.reg(RSP), -16);
        sse(a, MOVUPS_STORE);
        a.movImm(RDI, HostClock.CLOCK_MONOTONIC);
        a.mov(8, RSI, RSP);
        a.callRm(Rm.gs(Area.CLOCK_GETTIME));
        sse(a, MOVUPS_LOAD);
        a.imul3(8, RAX, Rm.mem(RSP, SECONDS), NANOS_PER_SECOND);
        a.alu(ADD, 8, RAX, Rm.mem(RSP, NANOS));
        a.mov(8, RSP, T0);
        for (int i = VOLATILE.length - 1; i >= 0; i--) {
            a.pop(VOLATILE[i]);
        }
        a.alu(ADD, 8, RAX, Rm.gs(Area.TSC_AHEAD));
        a.mov(8, RDX, RAX);
        a.shiftImm(SHR, 8, Rm.reg(RDX), 32);
        a.mov(4, RAX, RAX);
        a.u8(0xf8); // clc
        a.ret();
        a.bind(not);
        a.u8(0xf9); // stc
        a.ret();
    }

    /** The guest's SSE registers, if they are the guest's. */
    private static void sse(Asm a, int opcode) {
        a.aluImm(CMP, 4, Rm.gs(Area.FP_LOADED), 0);
        int over = a.jcc(E);
        for (int i = 0; i < XMM; i++) {
            a.sse(0, opcode, false, i, Rm.mem(RSP, SSE + XMM_BYTES * i));
        }
        a.bind(over);
    }
}
