package trivium.bt;

import static trivium.bt.Asm.AND;
import static trivium.bt.Asm.CMP;
import static trivium.bt.Asm.NE;
import static trivium.bt.Gen.T1;

import java.util.Map;
import java.util.Set;
import trivium.cpu.VcpuState;
import trivium.x86.decode.Feature;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand;
import trivium.x86.decode.Operand.Place;
import trivium.x86.decode.Row;

/**
 * MMX and SSE to SSE4.2 on the host's units: nearly all instructions as they are, with their memory
 * operand's address and general registers replaced. Left to the interpreter: reciprocal
 * approximations, which CPUs compute each in its own way, masked stores and CLFLUSH.
 */
final class Simd {
    private static final int ALL_MASKED = 0x1f80;

    /** What Linux calls what the guest's CPU has. */
    private static final Map<Feature, String> HOST_NAMES =
            Map.of(
                    Feature.MMX, "mmx",
                    Feature.SSE, "sse",
                    Feature.SSE2, "sse2",
                    Feature.SSE3, "pni",
                    Feature.SSSE3, "ssse3",
                    Feature.SSE41, "sse4_1",
                    Feature.SSE42, "sse4_2",
                    Feature.POPCNT, "popcnt");

    private final Gen g;
    private final Asm a;
    private final Fp fp;
    private final Set<String> host;

    Simd(Gen g, Fp fp, Set<String> host) {
        this.g = g;
        this.fp = fp;
        this.host = host;
        a = g.a;
    }

    static boolean isSimd(Instruction in) {
        return in.row != null
                && in.row.feature() != null
                && HOST_NAMES.containsKey(in.row.feature());
    }

    boolean knows(Instruction in) {
        return known(in) && host.contains(HOST_NAMES.get(in.row.feature()));
    }

    /** The same on a host that has all instructions. */
    static boolean known(Instruction in) {
        if (!isSimd(in)) {
            return false;
        }
        return switch (in.mnemonic()) {
            case RCPPS, RCPSS, RSQRTPS, RSQRTSS, MASKMOVQ, MASKMOVDQU, CLFLUSH -> false;
            // AH to BH have no name beside T0 and its like.
            case CRC32 -> !in.isRegisterForm() || in.bytes(1) != 1 || in.rm < 4 || in.rm > 7;
            case RDPMC -> false;
            default -> true;
        };
    }

    boolean emit(Instruction in) {
        if (!knows(in)) {
            return false;
        }
        switch (in.mnemonic()) {
            case PREFETCHNTA, PREFETCHT0, PREFETCHT1, PREFETCHT2 -> {
                // a hint
            }
            case SFENCE, LFENCE, MFENCE -> {
                a.u8(0x0f);
                a.u8(0xae);
                a.u8(in.modRm);
            }
            case EMMS -> {
                fp.need(FpState.X87);
                a.u8(0x0f);
                a.u8(0x77);
            }
            case MOVNTI -> {
                long rm = g.operand(in, in.bytes(0), true);
                a.store(in.bytes(0), rm, g.read(in.reg, T1));
            }
            case LDMXCSR -> loadControl(in);
            case STMXCSR -> {
                fp.need(FpState.SSE);
                a.sse(0, 0x0fae, false, 3, g.operand(in, 4, true));
            }
            case CRC32, POPCNT -> general(in);
            default -> vector(in);
        }
        return true;
    }

    /** Control words with an unmasked exception, or reserved bits, are for the interpreter. */
    private void loadControl(Instruction in) {
        fp.need(FpState.SSE);
        a.load(4, T1, g.operand(in, 4, false));
        g.flags.clobber();
        // The very word that is looked at is loaded: another thread may write to memory.
        a.store(4, Rm.gs(Area.SCRATCH), T1);
        // Nor is DAZ, which the older CPUs do not have, so frequent that it would matter.
        a.aluImm(AND, 4, Rm.reg(T1), ~0xe03f);
        a.aluImm(CMP, 4, Rm.reg(T1), ALL_MASKED);
        g.cold(a.jcc(NE), Exit.ONE);
        a.sse(0, 0x0fae, false, 2, Rm.gs(Area.SCRATCH));
    }

    // ---- instructions with general registers alone

    private void general(Instruction in) {
        int bytes = in.bytes(1);
        long source;
        if (in.isRegisterForm()) {
            source = g.rm(in.rm);
        } else {
            source = g.operand(in, bytes, false);
        }
        g.flags.willWrite(in.reg);
        int to = g.read(in.reg, T1);
        if (bytes == 2) {
            a.u8(0x66);
        }
        boolean crc = in.mnemonic() == Mnemonic.CRC32;
        if (crc && bytes == 1 && Rm.isReg(source)) {
            // SIL and DIL need a REX: their bits are as good elsewhere.
            a.mov(8, Gen.T2, Rm.base(source));
            source = Rm.reg(Gen.T2);
        }
        a.sse(crc ? 0xf2 : 0xf3, in.opcode, bytes == 8 || crc && wide(in), to, source);
        g.commit(in.reg, T1);
        if (!crc) {
            g.flags.produced(null);
        }
    }

    private static boolean wide(Instruction in) {
        return in.mode == 64 && (in.rex & 8) != 0;
    }

    // ---- all others

    private void vector(Instruction in) {
        int memory = memoryOperand(in);
        boolean store = memory == 0;
        fp.need(units(in));
        long rm = memory >= 0 ? operand(in, memory, store) : register(in);
        int reg = reg(in);
        write(in, reg, rm);
        commit(in);
        switch (in.mnemonic()) {
            case COMISS, COMISD, UCOMISS, UCOMISD, PTEST -> g.flags.produced(null);
            case PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM -> g.flags.produced(null);
            default -> {}
        }
    }

    /** The general register that an instruction writes, or -1. */
    static int generalTarget(Instruction in) {
        if (in.mnemonic() == Mnemonic.PCMPESTRI || in.mnemonic() == Mnemonic.PCMPISTRI) {
            return VcpuState.RCX;
        }
        if (in.row.operands().isEmpty()) {
            return -1;
        }
        return switch (in.row.operands().getFirst().place()) {
            case REG -> in.reg;
            case RM -> in.isRegisterForm() ? in.rm : -1;
            default -> -1;
        };
    }

    /** The index of the operand in memory, or -1. */
    static int memoryOperand(Instruction in) {
        for (int i = 0; i < in.row.operands().size(); i++) {
            switch (in.operand(i).place()) {
                case RM, MMX_RM, XMM_RM -> {
                    if (!in.isRegisterForm()) {
                        return i;
                    }
                }
                case MEMORY -> {
                    return i;
                }
                default -> {}
            }
        }
        return -1;
    }

    /** EMMS, and what has MMX or XMM operands, needs state. */
    static int units(Instruction in) {
        int units = in.mnemonic() == Mnemonic.EMMS ? FpState.X87 : 0;
        boolean xmm = in.mnemonic() == Mnemonic.LDMXCSR || in.mnemonic() == Mnemonic.STMXCSR;
        for (Operand operand : in.row.operands()) {
            Place place = operand.place();
            if (place == Place.MMX_REG || place == Place.MMX_RM) {
                units |= FpState.X87;
            }
            xmm |= place == Place.XMM_REG || place == Place.XMM_RM;
        }
        return xmm ? units | FpState.SSE : units;
    }

    /** The memory operand, aligned if it has to be. */
    private long operand(Instruction in, int memory, boolean store) {
        int bytes = in.bytes(memory);
        if (bytes == 16 && !mayBeUnaligned(in)) {
            g.checkAligned(in);
        }
        return g.operand(in, bytes, store);
    }

    private static boolean mayBeUnaligned(Instruction in) {
        return switch (in.mnemonic()) {
            case MOVUPS, MOVUPD, MOVDQU, LDDQU, PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM -> true;
            default -> false;
        };
    }

    // ---- registers

    /** The register operand in ModR/M rm. */
    private long register(Instruction in) {
        for (int i = 0; i < in.row.operands().size(); i++) {
            switch (in.operand(i).place()) {
                case RM -> {
                    if (i == 0) {
                        g.flags.willWrite(in.rm);
                        return Rm.reg(g.target(in.rm, T1));
                    }
                    return Rm.reg(g.read(in.rm, T1));
                }
                case MMX_RM -> {
                    return Rm.reg(in.rm & 7);
                }
                default -> {}
            }
        }
        return Rm.reg(in.rm);
    }

    /** The register operand, or extension, in ModR/M reg. */
    private int reg(Instruction in) {
        if (in.row.extension() != Row.ANY) {
            return in.row.extension();
        }
        for (Operand operand : in.row.operands()) {
            switch (operand.place()) {
                case REG -> {
                    g.flags.willWrite(in.reg);
                    return g.target(in.reg, T1);
                }
                case MMX_REG -> {
                    return in.reg & 7;
                }
                default -> {}
            }
        }
        switch (in.mnemonic()) {
            case PCMPESTRI, PCMPISTRI -> g.flags.willWrite(VcpuState.RCX);
            default -> {}
        }
        return in.reg;
    }

    /** A general register that the instruction wrote gets its value. */
    private void commit(Instruction in) {
        Place first = in.row.operands().getFirst().place();
        if (first == Place.REG) {
            g.commit(in.reg, T1);
        } else if (first == Place.RM && in.isRegisterForm()) {
            g.commit(in.rm, T1);
        }
    }

    private void write(Instruction in, int reg, long rm) {
        int prefix = Math.max(in.row.prefix(), 0);
        int opcode = in.opcode;
        // Non-temporal accesses are ordinary ones: the host's order of stores must not show.
        switch (in.mnemonic()) {
            case MOVNTQ -> opcode = 0x0f7f;
            case MOVNTDQ -> opcode = 0x0f7f;
            case MOVNTPS, MOVNTPD -> opcode = 0x0f29;
            case MOVNTDQA -> opcode = 0x0f6f;
            default -> {}
        }
        a.sse(prefix, opcode, wide(in), reg, rm);
        if (in.row.operands().getLast().place() == Place.IMM) {
            a.u8((int) in.imm);
        }
    }
}
