package trivium.x86.interp;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;
import static trivium.x86.interp.Flags.CF;
import static trivium.x86.interp.Flags.OF;
import static trivium.x86.interp.Flags.SF;
import static trivium.x86.interp.Flags.ZF;

import java.lang.invoke.VarHandle;
import trivium.x86.decode.Feature;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.simd.PackedShuffle;
import trivium.x86.simd.Sse41;
import trivium.x86.simd.StringCompare;

/** MXCSR, EMMS, fences and hints, and the instructions of SSE4 that set flags or use XMM0. */
final class SimdMisc {
    private static final int XMM0 = 0;

    /** MXCSR_MASK: a Pentium III has no DAZ. */
    private static final int MXCSR_ALL = 0xffff, MXCSR_NO_DAZ = 0xffbf;

    private SimdMisc() {}

    static Op build(Instruction in, Cpu c) {
        return switch (in.mnemonic()) {
            case LDMXCSR -> new Ldmxcsr(in, mxcsrMask(c));
            case STMXCSR -> new Stmxcsr(in);
            case EMMS -> new Emms(in);
            case SFENCE, LFENCE, MFENCE -> new Fence(in);
            case PREFETCHNTA, PREFETCHT0, PREFETCHT1, PREFETCHT2 -> new Nothing(in);
            case CLFLUSH -> new Clflush(in);
            case PTEST -> new Ptest(in);
            case CRC32 -> new Crc32(in);
            case PBLENDVB, BLENDVPS, BLENDVPD -> new Blendv(in);
            case PCMPISTRI, PCMPISTRM, PCMPESTRI, PCMPESTRM -> new Pcmpstr(in);
            default -> null;
        };
    }

    /** Bits that may be set in MXCSR: what FXSAVE stores as MXCSR_MASK. */
    static int mxcsrMask(Cpu c) {
        return c.features.contains(Feature.SSE2) ? MXCSR_ALL : MXCSR_NO_DAZ;
    }

    private static final class Ldmxcsr extends SimdOp {
        private final int allowed;

        Ldmxcsr(Instruction in, int allowed) {
            super(in);
            this.allowed = allowed;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            int value = c.load32(seg, ea(c));
            if ((value & ~allowed) != 0) {
                throw c.gp(0);
            }
            c.s.mxcsr = value;
        }
    }

    private static final class Stmxcsr extends SimdOp {
        Stmxcsr(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            c.store32(seg, ea(c), c.s.mxcsr);
        }
    }

    private static final class Emms extends SimdOp {
        Emms(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needMmx(c);
            c.s.fsw &= ~FSW_TOP;
            c.s.ftw = 0;
        }
    }

    private static final class Fence extends Op {
        Fence(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            VarHandle.fullFence();
        }
    }

    /** A hint: its operand is not touched and cannot fault. */
    private static final class Nothing extends Op {
        Nothing(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {}
    }

    /** Checked as a load of one byte; there are no caches to flush. */
    private static final class Clflush extends SimdOp {
        Clflush(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            c.checkRead(seg, ea(c), 1);
        }
    }

    private static final class Ptest extends SimdOp {
        Ptest(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = source(c, 16);
            long high = c.high;
            long destinationLow = c.s.xmm[2 * reg];
            long destinationHigh = c.s.xmm[2 * reg + 1];
            boolean zf = (low & destinationLow | high & destinationHigh) == 0;
            boolean cf = (low & ~destinationLow | high & ~destinationHigh) == 0;
            c.setStatusFlags((zf ? ZF : 0) | (cf ? CF : 0));
        }
    }

    private static final class Crc32 extends SimdOp {
        private final int bytes, register, shift;

        Crc32(Instruction in) {
            super(in);
            bytes = in.bytes(1);
            register = memory ? 0 : in.wholeRegister(1);
            shift = memory ? 0 : Registers.shift(in, 1);
        }

        @Override
        public void exec(Cpu c) {
            long value = memory ? c.load(seg, ea(c), bytes) : c.r[register] >>> shift;
            c.set32(reg, Sse41.crc32((int) c.r[reg], value, bytes));
        }
    }

    /** The mask is in XMM0: its top bits choose bytes, singles or doubles. */
    private static final class Blendv extends SimdOp {
        private final Mnemonic mnemonic;

        Blendv(Instruction in) {
            super(in);
            mnemonic = in.mnemonic();
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = source(c, 16);
            long high = c.high;
            long[] x = c.s.xmm;
            long lowMask = mask(x[XMM0]);
            long highMask = mask(x[XMM0 + 1]);
            x[2 * reg] = PackedShuffle.blend(x[2 * reg], low, lowMask);
            x[2 * reg + 1] = PackedShuffle.blend(x[2 * reg + 1], high, highMask);
        }

        private long mask(long control) {
            return switch (mnemonic) {
                case PBLENDVB -> PackedShuffle.signsB(control);
                case BLENDVPS -> PackedShuffle.signsD(control);
                default -> control >> 63;
            };
        }
    }

    private static final class Pcmpstr extends SimdOp {
        private final int imm;
        private final boolean explicit, index, wide;

        Pcmpstr(Instruction in) {
            super(in);
            imm = (int) in.imm & 0xff;
            Mnemonic m = in.mnemonic();
            explicit = m == Mnemonic.PCMPESTRI || m == Mnemonic.PCMPESTRM;
            index = m == Mnemonic.PCMPESTRI || m == Mnemonic.PCMPISTRI;
            wide = (in.rex & 8) != 0;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long bl = source(c, 16);
            long bh = c.high;
            long al = c.s.xmm[2 * reg];
            long ah = c.s.xmm[2 * reg + 1];
            int aLength = explicit ? length(c.r[RAX]) : StringCompare.implicitLength(al, ah, imm);
            int bLength = explicit ? length(c.r[RDX]) : StringCompare.implicitLength(bl, bh, imm);
            int result = StringCompare.compare(al, ah, aLength, bl, bh, bLength, imm);
            if (index) {
                c.set32(RCX, StringCompare.index(result, imm));
            } else {
                c.s.xmm[XMM0] = StringCompare.maskLow(result, imm);
                c.s.xmm[XMM0 + 1] = StringCompare.maskHigh(result, imm);
            }
            int elements = StringCompare.elements(imm);
            c.setStatusFlags(
                    (result != 0 ? CF : 0)
                            | (bLength < elements ? ZF : 0)
                            | (aLength < elements ? SF : 0)
                            | ((result & 1) != 0 ? OF : 0));
        }

        private int length(long register) {
            return StringCompare.explicitLength(wide ? register : (int) register, imm);
        }
    }
}
