package trivium.x86.interp;

import static trivium.x86.interp.Flags.CR0_EM;
import static trivium.x86.interp.Flags.CR0_TS;
import static trivium.x86.interp.Flags.CR4_OSFXSR;
import static trivium.x86.interp.Flags.CR4_OSXMMEXCPT;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.simd.SseFloat;

/**
 * An MMX or SSE instruction: who may use the registers, and how operands are fetched. An op calls
 * {@link #needSse} or {@link #needMmx} first, reads its operands, and only then {@link #enterMmx}
 * and stores: a fault leaves no trace.
 */
abstract class SimdOp extends MemOp {
    static final int FSW_ES = 1 << 7, FSW_TOP = 7 << 11;

    private static final int MMX_EXPONENT = 0xffff;

    /** Whether the ModR/M operand is memory; otherwise {@code rm} is a register. */
    final boolean memory;

    final int reg, rm;
    private final boolean aligned;

    SimdOp(Instruction in) {
        super(in);
        memory = !in.isRegisterForm();
        reg = in.reg;
        rm = in.rm;
        aligned = !mayBeUnaligned(in.mnemonic());
    }

    private static boolean mayBeUnaligned(Mnemonic m) {
        return switch (m) {
            case MOVUPS, MOVUPD, MOVDQU, LDDQU, PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM -> true;
            default -> false;
        };
    }

    // ---- SDM Vol. 3A "Instruction Exception Specification", types 1 to 5 and 22 to 26

    static void needSse(Cpu c) {
        if (c.fpAway) {
            c.fetchFp();
        }
        if ((c.s.cr0 & (CR0_EM | CR0_TS)) != 0 || (c.s.cr4 & CR4_OSFXSR) == 0) {
            boolean off = (c.s.cr0 & CR0_EM) != 0 || (c.s.cr4 & CR4_OSFXSR) == 0;
            throw c.fault(off ? GuestException.UD : GuestException.NM);
        }
    }

    static void needMmx(Cpu c) {
        if (c.fpAway) {
            c.fetchFp();
        }
        if ((c.s.cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw c.fault((c.s.cr0 & CR0_EM) != 0 ? GuestException.UD : GuestException.NM);
        }
        if ((c.s.fsw & FSW_ES) != 0) {
            throw c.fault(GuestException.MF);
        }
    }

    /** SDM Vol. 3A "The MMX State and MMX Register Aliasing": TOP is 0, all registers valid. */
    static void enterMmx(Cpu c) {
        c.s.fsw &= ~FSW_TOP;
        c.s.ftw = 0xff;
    }

    static long mmx(Cpu c, int n) {
        return c.s.fpMantissa[n & 7];
    }

    static void setMmx(Cpu c, int n, long value) {
        c.s.fpMantissa[n & 7] = value;
        c.s.fpSignExponent[n & 7] = MMX_EXPONENT;
    }

    // ---- operands

    /** Loads 16 bytes, aligned unless the instruction allows otherwise; high half in Cpu.high. */
    final long load16Bytes(Cpu c) {
        long offset = ea(c);
        if (aligned) {
            checkAligned(c, offset);
        }
        return c.load128(seg, offset);
    }

    final void store16Bytes(Cpu c, long low, long high) {
        long offset = ea(c);
        if (aligned) {
            checkAligned(c, offset);
        }
        c.store128(seg, offset, low, high);
    }

    private void checkAligned(Cpu c, long offset) {
        if ((c.base[seg] + offset & 15) != 0) {
            throw c.gp(0);
        }
    }

    /** The source of {@code bytes} bytes, register or memory; of 16 the high half in Cpu.high. */
    final long source(Cpu c, int bytes) {
        if (!memory) {
            c.high = c.s.xmm[2 * rm + 1];
            return c.s.xmm[2 * rm];
        }
        if (bytes == 16) {
            return load16Bytes(c);
        }
        c.high = 0;
        return c.load(seg, ea(c), bytes);
    }

    /** An MMX source of 4 or 8 bytes. */
    final long mmxSource(Cpu c, int bytes) {
        return memory ? c.load(seg, ea(c), bytes) : mmx(c, rm);
    }

    /** A general register or memory source, zero-extended. */
    final long generalSource(Cpu c, int bytes) {
        if (memory) {
            return c.load(seg, ea(c), bytes);
        }
        return bytes == 8 ? c.r[rm] : c.r[rm] & (1L << 8 * bytes) - 1;
    }

    // ---- floating-point exceptions

    /** Adds what was raised to MXCSR; unmasked exceptions fault before anything is stored. */
    static void finish(Cpu c, SseFloat f) {
        int raised = f.raised();
        if (raised != 0) {
            c.s.mxcsr |= raised;
            if ((raised & ~(c.s.mxcsr >> 7)) != 0) {
                boolean handled = (c.s.cr4 & CR4_OSXMMEXCPT) != 0;
                throw c.fault(handled ? GuestException.XM : GuestException.UD);
            }
        }
    }
}
