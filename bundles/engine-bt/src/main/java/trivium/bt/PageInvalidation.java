package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;

import java.util.ArrayList;
import java.util.List;
import trivium.mmu.SharedMappings;
import trivium.x86.interp.Cpu;
import trivium.x86.interp.Tlb;

/**
 * The subroutine that does INVLPG, as {@link Cpu#invalidatePage}, where neither large pages nor
 * code nor device registers may be concerned; else that is left to Java, before anything is
 * changed. Called with the linear address in T0, which stays; T1 and T2 are lost, and EFLAGS: CF is
 * set if nothing was done.
 */
final class PageInvalidation {
    private static final int[] TLBS = {Cpu.USER_TLB, Cpu.SUPERVISOR_TLB, Cpu.SUPERVISOR_AC_TLB};
    private static final int[] ARRAYS = {Tlb.READ, Tlb.WRITE, Tlb.EXEC};

    private final Asm a;
    private final List<Integer> failures = new ArrayList<>();

    private PageInvalidation(Asm a) {
        this.a = a;
    }

    static void emit(Asm a) {
        new PageInvalidation(a).emit();
    }

    private void emit() {
        check();
        inlineEntries();
        cachedMapping();
        tlbs();
        execTables();
        done(false);
        failures.forEach(a::bind);
        done(true);
    }

    private void check() {
        a.aluImm(CMP, 4, Rm.gs(Area.PAGING), PageWalks.NONE);
        fail(E);
        a.aluImm(CMP, 4, Rm.gs(Cpu.DEVICES_KNOWN), 0);
        fail(NE);
        a.aluImm(CMP, 4, Rm.gs(Area.WINDOW_OPEN), 0);
        fail(NE);
        // Not canonical: not this one's business.
        a.mov(8, T1, T0);
        a.shiftImm(SHL, 8, Rm.reg(T1), 16);
        a.shiftImm(SAR, 8, Rm.reg(T1), 16);
        a.alu(CMP, 8, T1, Rm.reg(T0));
        fail(NE);
        hash(Cpu.LARGE_SHIFT, 16, Cpu.LARGE_SLOTS - 1);
        a.aluImm(CMP, 1, Rm.gs(T1, Cpu.LARGE_PAGES), 0);
        fail(NE);
        hash(12, 16, 0xffff);
        codePage(Cpu.CODE_PAGES);
        codePage(Cpu.GLOBAL_CODE_PAGES);
        // As SharedMappings.largeSlot does.
        hash(SharedMappings.LARGE_SHIFT, 10, -1);
        a.mov(8, T2, T0);
        a.shiftImm(SHR, 8, Rm.reg(T2), SharedMappings.LARGE_SHIFT + 20);
        a.alu(XOR, 4, T1, Rm.reg(T2));
        a.aluImm(AND, 4, Rm.reg(T1), SharedMappings.LARGE_SLOTS - 1);
        a.load(8, T2, Rm.gs(Area.MAPPINGS));
        a.aluImm(CMP, 1, Rm.mem(T2, T1, 0, SharedMappings.LARGE), 0);
        fail(NE);
    }

    /** T1 = (n ^ n >> fold) & mask, with n the linear address without its low bits. */
    private void hash(int shift, int fold, int mask) {
        a.mov(8, T1, T0);
        a.shiftImm(SHR, 8, Rm.reg(T1), shift);
        a.mov(8, T2, T1);
        a.shiftImm(SHR, 8, Rm.reg(T2), fold);
        a.alu(XOR, 4, T1, Rm.reg(T2));
        a.aluImm(AND, 4, Rm.reg(T1), mask);
    }

    /** Fails if bit T1 of a filter is set. */
    private void codePage(int filter) {
        a.mov(4, T2, T1);
        a.shiftImm(SHR, 4, Rm.reg(T2), 3);
        a.extend(false, 1, 4, T2, Rm.gs(T2, filter));
        a.push(T1);
        a.aluImm(AND, 4, Rm.reg(T1), 7);
        a.op2(0x0fa3, 4, T1, Rm.reg(T2)); // bt
        a.pop(T1);
        fail(B);
    }

    private void inlineEntries() {
        a.aluImm(CMP, 4, Rm.gs(Area.INLINE_FILLED), 0);
        int none = a.jcc(E);
        a.storeImm(4, Rm.gs(Area.INLINE_FILLED), 0);
        a.load(4, T1, Rm.gs(Area.INLINE_USED));
        int loop = a.size;
        a.aluImm(SUB, 4, Rm.reg(T1), 1 << InlineTlb.SHIFT);
        int end = a.jcc(S);
        a.storeImm(8, Rm.gs(T1, Area.INLINE + InlineTlb.FITS), 0);
        a.bindTo(a.jmp(), loop);
        a.bind(end);
        a.bind(none);
    }

    private void cachedMapping() {
        a.mov(4, T1, T0);
        a.shiftImm(SHR, 4, Rm.reg(T1), 8);
        a.aluImm(AND, 4, Rm.reg(T1), SharedMappings.ENTRIES - 1 << 4);
        a.load(8, T2, Rm.gs(Area.MAPPINGS));
        a.lea(8, T1, Rm.mem(T2, T1, 0, SharedMappings.ENTRIES_AT));
        a.load(8, T2, Rm.mem(T1, 0));
        a.alu(XOR, 8, T2, Rm.reg(T0));
        a.aluImm(AND, 8, Rm.reg(T2), -4096);
        int other = a.jcc(NE);
        a.storeImm(8, Rm.mem(T1, 0), SharedMappings.NO_TAG);
        a.bind(other);
    }

    private void tlbs() {
        a.mov(4, T1, T0);
        a.shiftImm(SHR, 4, Rm.reg(T1), Tlb.SLOT_SHIFT);
        a.aluImm(AND, 4, Rm.reg(T1), Tlb.SLOT_MASK);
        for (int tlb : TLBS) {
            for (int array : ARRAYS) {
                a.storeImm(8, Rm.gs(T1, tlb + array), -1);
            }
        }
    }

    private void execTables() {
        a.mov(4, T1, T0);
        a.shiftImm(SHR, 4, Rm.reg(T1), 12);
        a.aluImm(AND, 4, Rm.reg(T1), Area.EXEC_ENTRIES - 1);
        a.shiftImm(SHL, 4, Rm.reg(T1), 2);
        for (int i = 0; i < Area.EXEC_TABLES; i++) {
            a.storeImm(4, Rm.gs(T1, Area.EXEC + i * Area.EXEC_BYTES), 0);
        }
    }

    private void fail(int cc) {
        failures.add(a.jcc(cc));
    }

    private void done(boolean failed) {
        a.u8(failed ? 0xf9 : 0xf8); // stc, clc
        a.ret();
    }
}
