package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;

import java.util.ArrayList;
import java.util.List;
import trivium.x86.interp.CodeStores;
import trivium.x86.interp.Cpu;

/**
 * The subroutine that finds the host address of a store to a page with code, if it does not hit the
 * code ({@link CodeStores}). Called with the linear address of the first byte in T0 and of the last
 * one in T2, at most 16 bytes; T1 and T2 are lost, and EFLAGS: CF is set if it is not known, and T0
 * is as it was.
 *
 * <pre>
 * T1   entry      RDX  tag, bits of the bytes from T0 on      RCX  shift counts
 * </pre>
 */
final class BesideCode {
    static final int MOST_BYTES = 16;

    private BesideCode() {}

    /**
     * @param tlb number of the TLB that the store goes through
     */
    static void emit(Asm a, int tlb) {
        List<Integer> failures = new ArrayList<>();
        a.push(RCX);
        a.push(RDX);
        a.mov(4, T1, T0);
        a.shiftImm(SHR, 4, Rm.reg(T1), 12 - CodeStores.ENTRY_SHIFT);
        a.aluImm(AND, 4, Rm.reg(T1), CodeStores.ENTRIES - 1 << CodeStores.ENTRY_SHIFT);
        a.mov(8, RDX, T0);
        a.aluImm(AND, 8, Rm.reg(RDX), -4096);
        a.mov(8, RCX, T2);
        a.aluImm(AND, 8, Rm.reg(RCX), -4096);
        a.alu(CMP, 8, RCX, Rm.reg(RDX));
        failures.add(a.jcc(NE));
        if (tlb != 0) {
            a.aluImm(OR, 8, Rm.reg(RDX), tlb);
        }
        a.alu(CMP, 8, RDX, entry(CodeStores.TAG));
        failures.add(a.jcc(NE));
        a.mov(4, RDX, T0);
        a.aluImm(AND, 4, Rm.reg(RDX), 0xfff);
        a.shiftImm(SHR, 4, Rm.reg(RDX), 3);
        a.alu(ADD, 8, RDX, entry(CodeStores.MAP));
        a.load(4, RDX, Rm.mem(RDX, 0));
        a.mov(4, RCX, T0);
        a.aluImm(AND, 4, Rm.reg(RCX), 7);
        a.shiftCl(SHR, 4, Rm.reg(RDX));
        a.mov(4, RCX, T2);
        a.alu(SUB, 4, RCX, Rm.reg(T0));
        // One bit for each byte: 2 << (bytes - 1), less 1.
        a.movImm(T2, 2);
        a.shiftCl(SHL, 4, Rm.reg(T2));
        a.aluImm(SUB, 4, Rm.reg(T2), 1);
        a.test(4, Rm.reg(RDX), T2);
        failures.add(a.jcc(NE));
        a.aluImm(SUB, 4, entry(CodeStores.LEFT), 1);
        failures.add(a.jcc(S));
        a.alu(ADD, 8, T0, entry(CodeStores.ADDEND));
        done(a, false);
        failures.forEach(a::bind);
        done(a, true);
    }

    private static long entry(int field) {
        return Rm.gs(T1, Cpu.CODE_STORES + field);
    }

    private static void done(Asm a, boolean failed) {
        a.pop(RDX);
        a.pop(RCX);
        a.u8(failed ? 0xf9 : 0xf8); // stc, clc
        a.ret();
    }
}
