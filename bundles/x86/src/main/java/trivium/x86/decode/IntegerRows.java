package trivium.x86.decode;

import static trivium.x86.decode.Feature.*;
import static trivium.x86.decode.Mnemonic.*;
import static trivium.x86.decode.OpcodeTable.insn;
import static trivium.x86.decode.Operand.*;
import static trivium.x86.decode.Row.Attribute.*;

import java.util.ArrayList;
import java.util.List;

/**
 * User-level integer instructions (SDM Vol. 2D, App. A "Opcode Map"). Departures from the map: SALC
 * (D6), the second TEST of group 3 (/1), SAL as shift /6, and 82 as an alias of 80 are listed, as
 * every real CPU has them; so are the hint NOPs of the P6 (0F18 to 0F1F); on the 8086 also POP CS,
 * SETMO (shift /6), any /n of 8F, C6 and C7, ESC as a no-operation (there is no 8087), and the
 * aliases of 60-6F, C0, C1, C8, C9.
 */
final class IntegerRows {
    static final List<Row> ROWS = rows();

    private IntegerRows() {}

    // spotless:off
    private static List<Row> rows() {
        List<Row> t = new ArrayList<>();
        Mnemonic[] alu = {ADD, OR, ADC, SBB, AND, SUB, XOR, CMP};
        for (int i = 0; i < 8; i++) {
            Mnemonic m = alu[i];
            int o = i << 3;
            t.add(lockable(m, insn(o, m, Eb, Gb)));
            t.add(lockable(m, insn(o + 1, m, Ev, Gv)));
            t.add(insn(o + 2, m, Gb, Eb));
            t.add(insn(o + 3, m, Gv, Ev));
            t.add(insn(o + 4, m, AL, Ib));
            t.add(insn(o + 5, m, rAX, Iz));
            t.add(lockable(m, insn(0x80, m, Eb, Ib).ext(i)));
            t.add(lockable(m, insn(0x81, m, Ev, Iz).ext(i)));
            t.add(lockable(m, insn(0x82, m, Eb, Ib).ext(i)).with(NOT_64));
            t.add(lockable(m, insn(0x83, m, Ev, IbS).ext(i)));
        }
        t.addAll(List.of(
            insn(0x06, PUSH, ES).with(NOT_64), insn(0x07, POP, ES).with(NOT_64, ENDS_BLOCK),
            insn(0x0e, PUSH, CS).with(NOT_64), insn(0x0f, POP, CS).on(ONLY_8086).with(ENDS_BLOCK),
            insn(0x16, PUSH, SS).with(NOT_64), insn(0x17, POP, SS).with(NOT_64, ENDS_BLOCK),
            insn(0x1e, PUSH, DS).with(NOT_64), insn(0x1f, POP, DS).with(NOT_64, ENDS_BLOCK),
            insn(0x27, DAA).with(NOT_64), insn(0x2f, DAS).with(NOT_64),
            insn(0x37, AAA).with(NOT_64), insn(0x3f, AAS).with(NOT_64),
            insn(0x60, PUSHA).on(I186).with(NOT_64), insn(0x61, POPA).on(I186).with(NOT_64),
            insn(0x62, BOUND, Gv, Ma).on(I186).with(NOT_64).mem(),
            insn(0x68, PUSH, Iz).on(I186).with(DEFAULT_64),
            insn(0x69, IMUL, Gv, Ev, Iz).on(I186),
            insn(0x6a, PUSH, IbS).on(I186).with(DEFAULT_64),
            insn(0x6b, IMUL, Gv, Ev, IbS).on(I186),
            insn(0x6c, INS, Yb, DX).on(I186).with(ENDS_BLOCK), insn(0x6d, INS, Yz, DX).on(I186).with(ENDS_BLOCK),
            insn(0x6e, OUTS, DX, Xb).on(I186).with(ENDS_BLOCK), insn(0x6f, OUTS, DX, Xz).on(I186).with(ENDS_BLOCK),
            insn(0x63, MOVSXD, Gv, Ed).with(ONLY_64).on(LONG_MODE),
            insn(0x84, TEST, Eb, Gb), insn(0x85, TEST, Ev, Gv),
            insn(0x86, XCHG, Eb, Gb).with(LOCKABLE), insn(0x87, XCHG, Ev, Gv).with(LOCKABLE),
            insn(0x88, MOV, Eb, Gb), insn(0x89, MOV, Ev, Gv),
            insn(0x8a, MOV, Gb, Eb), insn(0x8b, MOV, Gv, Ev),
            insn(0x8c, MOV_FROM_SREG, Ev, Sw), insn(0x8d, LEA, Gv, M).mem(),
            insn(0x8e, MOV_TO_SREG, Sw, Ew).with(ENDS_BLOCK), insn(0x8f, POP, Ev).ext(0).with(DEFAULT_64),
            insn(0x98, CBW), insn(0x99, CWD),
            insn(0x9c, PUSHF).with(DEFAULT_64), insn(0x9d, POPF).with(DEFAULT_64, ENDS_BLOCK),
            insn(0x9e, SAHF), insn(0x9f, LAHF),
            insn(0xa0, MOV, AL, Ob), insn(0xa1, MOV, rAX, Ov),
            insn(0xa2, MOV, Ob, AL), insn(0xa3, MOV, Ov, rAX),
            insn(0xa4, MOVS, Yb, Xb), insn(0xa5, MOVS, Yv, Xv),
            insn(0xa6, CMPS, Xb, Yb), insn(0xa7, CMPS, Xv, Yv),
            insn(0xa8, TEST, AL, Ib), insn(0xa9, TEST, rAX, Iz),
            insn(0xaa, STOS, Yb, AL), insn(0xab, STOS, Yv, rAX),
            insn(0xac, LODS, AL, Xb), insn(0xad, LODS, rAX, Xv),
            insn(0xae, SCAS, AL, Yb), insn(0xaf, SCAS, rAX, Yv),
            insn(0xc2, RET, Iw).with(FORCE_64, ENDS_BLOCK), insn(0xc3, RET).with(FORCE_64, ENDS_BLOCK),
            insn(0xc4, LES, Gv, Mp).mem().with(NOT_64), insn(0xc5, LDS, Gv, Mp).mem().with(NOT_64),
            insn(0xc6, MOV, Eb, Ib).ext(0), insn(0xc7, MOV, Ev, Iz).ext(0),
            insn(0xc8, ENTER, Iw, Ib2).on(I186).with(DEFAULT_64), insn(0xc9, LEAVE).on(I186).with(DEFAULT_64),
            insn(0xd4, AAM, Ib).with(NOT_64), insn(0xd5, AAD, Ib).with(NOT_64), insn(0xd6, SALC).with(NOT_64),
            insn(0xd7, XLAT),
            insn(0xe0, LOOPNE, Jb).with(FORCE_64, ENDS_BLOCK), insn(0xe1, LOOPE, Jb).with(FORCE_64, ENDS_BLOCK),
            insn(0xe2, LOOP, Jb).with(FORCE_64, ENDS_BLOCK), insn(0xe3, JCXZ, Jb).with(FORCE_64, ENDS_BLOCK),
            insn(0xe4, IN, AL, Ib).with(ENDS_BLOCK), insn(0xe5, IN, rAX, Ib).with(ENDS_BLOCK),
            insn(0xe6, OUT, Ib, AL).with(ENDS_BLOCK), insn(0xe7, OUT, Ib, rAX).with(ENDS_BLOCK),
            insn(0xe8, CALL, Jz).with(FORCE_64, ENDS_BLOCK), insn(0xe9, JMP, Jz).with(FORCE_64, ENDS_BLOCK),
            insn(0xeb, JMP, Jb).with(FORCE_64, ENDS_BLOCK),
            insn(0xec, IN, AL, DX).with(ENDS_BLOCK), insn(0xed, IN, rAX, DX).with(ENDS_BLOCK),
            insn(0xee, OUT, DX, AL).with(ENDS_BLOCK), insn(0xef, OUT, DX, rAX).with(ENDS_BLOCK),
            insn(0xf5, CMC), insn(0xf8, CLC), insn(0xf9, STC), insn(0xfc, CLD), insn(0xfd, STD),
            insn(0xfe, INC, Eb).ext(0).with(LOCKABLE), insn(0xfe, DEC, Eb).ext(1).with(LOCKABLE),
            insn(0xff, INC, Ev).ext(0).with(LOCKABLE), insn(0xff, DEC, Ev).ext(1).with(LOCKABLE),
            insn(0xff, CALL_NEAR, Ev).ext(2).with(FORCE_64, ENDS_BLOCK),
            insn(0xff, JMP_NEAR, Ev).ext(4).with(FORCE_64, ENDS_BLOCK),
            insn(0xff, PUSH, Ev).ext(6).with(DEFAULT_64), insn(0xff, PUSH, Ev).ext(7).on(ONLY_8086),
            // two-byte
            insn(0x0f0b, UD2), insn(0x0fb9, UD1, Gv, Ev).on(I386), insn(0x0fff, UD0, Gv, Ev).on(I386),
            insn(0x0f0d, NOP, Ev).on(LONG_MODE), insn(0x0f18, NOP, Ev).reg().on(CMOV),
            insn(0x0f18, NOP, Ev).ext(4).mem().on(CMOV), insn(0x0f18, NOP, Ev).ext(5).mem().on(CMOV),
            insn(0x0f18, NOP, Ev).ext(6).mem().on(CMOV), insn(0x0f18, NOP, Ev).ext(7).mem().on(CMOV),
            insn(0x0f19, NOP, Ev).on(CMOV), insn(0x0f1a, NOP, Ev).on(CMOV), insn(0x0f1b, NOP, Ev).on(CMOV),
            insn(0x0f1c, NOP, Ev).on(CMOV), insn(0x0f1d, NOP, Ev).on(CMOV), insn(0x0f1e, NOP, Ev).on(CMOV),
            insn(0x0f1f, NOP, Ev).on(CMOV),
            insn(0x0fa0, PUSH, FS).on(I386).with(DEFAULT_64), insn(0x0fa1, POP, FS).on(I386).with(DEFAULT_64, ENDS_BLOCK),
            insn(0x0fa8, PUSH, GS).on(I386).with(DEFAULT_64), insn(0x0fa9, POP, GS).on(I386).with(DEFAULT_64, ENDS_BLOCK),
            insn(0x0fa2, Mnemonic.CPUID).on(Feature.CPUID),
            insn(0x0fa3, BT, Ev, Gv).on(I386), insn(0x0fab, BTS, Ev, Gv).on(I386).with(LOCKABLE),
            insn(0x0fb3, BTR, Ev, Gv).on(I386).with(LOCKABLE), insn(0x0fbb, BTC, Ev, Gv).on(I386).with(LOCKABLE),
            insn(0x0fba, BT, Ev, Ib).ext(4).on(I386), insn(0x0fba, BTS, Ev, Ib).ext(5).on(I386).with(LOCKABLE),
            insn(0x0fba, BTR, Ev, Ib).ext(6).on(I386).with(LOCKABLE), insn(0x0fba, BTC, Ev, Ib).ext(7).on(I386).with(LOCKABLE),
            insn(0x0fa4, SHLD, Ev, Gv, Ib).on(I386), insn(0x0fa5, SHLD, Ev, Gv, CL).on(I386),
            insn(0x0fac, SHRD, Ev, Gv, Ib).on(I386), insn(0x0fad, SHRD, Ev, Gv, CL).on(I386),
            insn(0x0faf, IMUL, Gv, Ev).on(I386),
            insn(0x0fb0, CMPXCHG, Eb, Gb).on(I486).with(LOCKABLE), insn(0x0fb1, CMPXCHG, Ev, Gv).on(I486).with(LOCKABLE),
            insn(0x0fb2, LSS, Gv, Mp).on(I386).mem().with(ENDS_BLOCK),
            insn(0x0fb4, LFS, Gv, Mp).on(I386).mem(), insn(0x0fb5, LGS, Gv, Mp).on(I386).mem(),
            insn(0x0fb6, MOVZX, Gv, Eb).on(I386), insn(0x0fb7, MOVZX, Gv, Ew).on(I386),
            insn(0x0fbe, MOVSX, Gv, Eb).on(I386), insn(0x0fbf, MOVSX, Gv, Ew).on(I386),
            insn(0x0fb8, Mnemonic.POPCNT, Gv, Ev).pfx(0xf3).on(Feature.POPCNT),
            insn(0x0fbc, BSF, Gv, Ev).on(I386), insn(0x0fbd, BSR, Gv, Ev).on(I386),
            insn(0x0fc0, XADD, Eb, Gb).on(I486).with(LOCKABLE), insn(0x0fc1, XADD, Ev, Gv).on(I486).with(LOCKABLE),
            insn(0x0fc7, CMPXCHG8B, M).ext(1).mem().on(CX8).with(LOCKABLE)));
        Mnemonic[] shifts = {ROL, ROR, RCL, RCR, SHL, SHR, SHL, SAR};
        t.add(insn(0xd0, SETMO, Eb, ONE).ext(6).on(ONLY_8086)); t.add(insn(0xd1, SETMO, Ev, ONE).ext(6).on(ONLY_8086));
        t.add(insn(0xd2, SETMO, Eb, CL).ext(6).on(ONLY_8086)); t.add(insn(0xd3, SETMO, Ev, CL).ext(6).on(ONLY_8086));
        for (int i = 0; i < 8; i++) {
            Mnemonic m = shifts[i];
            t.add(insn(0xc0, m, Eb, Ib).ext(i).on(I186));
            t.add(insn(0xc1, m, Ev, Ib).ext(i).on(I186));
            t.add(insn(0xd0, m, Eb, ONE).ext(i));
            t.add(insn(0xd1, m, Ev, ONE).ext(i));
            t.add(insn(0xd2, m, Eb, CL).ext(i));
            t.add(insn(0xd3, m, Ev, CL).ext(i));
        }
        for (int w = 0; w < 2; w++) {
            Operand e = w == 0 ? Eb : Ev;
            Operand i = w == 0 ? Ib : Iz;
            t.add(insn(0xf6 + w, TEST, e, i).ext(0));
            t.add(insn(0xf6 + w, TEST, e, i).ext(1));
            t.add(insn(0xf6 + w, NOT, e).ext(2).with(LOCKABLE));
            t.add(insn(0xf6 + w, NEG, e).ext(3).with(LOCKABLE));
            t.add(insn(0xf6 + w, MUL, e).ext(4));
            t.add(insn(0xf6 + w, IMUL, e).ext(5));
            t.add(insn(0xf6 + w, DIV, e).ext(6));
            t.add(insn(0xf6 + w, IDIV, e).ext(7));
        }
        for (int i = 0; i < 8; i++) {
            t.add(insn(0x40 + i, INC, Zv).with(NOT_64));
            t.add(insn(0x48 + i, DEC, Zv).with(NOT_64));
            t.add(insn(0x50 + i, PUSH, Zv).with(DEFAULT_64));
            t.add(insn(0x58 + i, POP, Zv).with(DEFAULT_64));
            t.add(insn(0x90 + i, XCHG, Zv, rAX));
            t.add(insn(0xb0 + i, MOV, Zb, Ib));
            t.add(insn(0xb8 + i, MOV, Zv, Iv));
            t.add(insn(0x0fc8 + i, BSWAP, Zv).on(I486));
        }
        Mnemonic[] jcc = {JO, JNO, JB, JNB, JZ, JNZ, JBE, JNBE, JS, JNS, JP, JNP, JL, JNL, JLE, JNLE};
        Mnemonic[] setcc = {SETO, SETNO, SETB, SETNB, SETZ, SETNZ, SETBE, SETNBE, SETS, SETNS, SETP, SETNP, SETL, SETNL, SETLE, SETNLE};
        Mnemonic[] cmov = {CMOVO, CMOVNO, CMOVB, CMOVNB, CMOVZ, CMOVNZ, CMOVBE, CMOVNBE, CMOVS, CMOVNS, CMOVP, CMOVNP, CMOVL, CMOVNL, CMOVLE, CMOVNLE};
        for (int i = 0; i < 16; i++) {
            t.add(insn(0x70 + i, jcc[i], Jb).with(FORCE_64, ENDS_BLOCK));
            t.add(insn(0x60 + i, jcc[i], Jb).on(ONLY_8086).with(ENDS_BLOCK));
            t.add(insn(0x0f80 + i, jcc[i], Jz).on(I386).with(FORCE_64, ENDS_BLOCK));
            t.add(insn(0x0f90 + i, setcc[i], Eb).on(I386));
            t.add(insn(0x0f40 + i, cmov[i], Gv, Ev).on(CMOV));
        }
        t.addAll(List.of(
            insn(0x8f, POP, Ev).on(ONLY_8086), insn(0xc6, MOV, Eb, Ib).on(ONLY_8086), insn(0xc7, MOV, Ev, Iz).on(ONLY_8086),
            insn(0xc0, RET, Iw).on(ONLY_8086).with(ENDS_BLOCK), insn(0xc1, RET).on(ONLY_8086).with(ENDS_BLOCK)));
        for (int i = 0; i < 8; i++) {
            t.add(insn(0xd8 + i, NOP, Ev).on(ONLY_8086));
        }
        return List.copyOf(t);
    }
    // spotless:on

    private static Row lockable(Mnemonic m, Row row) {
        return m == CMP ? row : row.with(LOCKABLE);
    }
}
