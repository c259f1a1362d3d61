package trivium.x86.interp;

import static trivium.x86.decode.Mnemonic.*;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongBinaryOperator;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand.Place;
import trivium.x86.simd.Packed;
import trivium.x86.simd.PackedShift;
import trivium.x86.simd.PackedShuffle;
import trivium.x86.simd.Sse41;

/** Integer and logic instructions on MMX and XMM registers that are functions of two operands. */
final class SimdIntegers {
    /** Half of a 128-bit result from both operands' low and high halves. */
    @FunctionalInterface
    interface Half {
        long apply(long aLow, long aHigh, long bLow, long bHigh);
    }

    /** The same function on every 64 bits: MMX, and both halves of XMM. */
    private static final Map<Mnemonic, LongBinaryOperator> HALVES = halves();

    /** Both shift counts: another register, or an immediate. */
    private static final Map<Mnemonic, LongBinaryOperator> SHIFTS = shifts();

    /** MMX forms that are not halves of the XMM forms. */
    private static final Map<Mnemonic, LongBinaryOperator> MMX_ONLY = mmxOnly();

    private SimdIntegers() {}

    static Op build(Instruction in) {
        Mnemonic m = in.mnemonic();
        LongBinaryOperator shift = SHIFTS.get(m);
        if (shift != null) {
            return shift(in, shift);
        }
        boolean mmx = in.row.operands().isEmpty() || in.operand(0).place() == Place.MMX_REG;
        LongBinaryOperator both = HALVES.get(m);
        if (both != null) {
            return mmx ? new MmxBinary(in, both) : xmmHalves(in, both);
        }
        return mmx ? buildMmx(in) : buildXmm(in);
    }

    private static Op buildMmx(Instruction in) {
        int imm = (int) in.imm & 0xff;
        LongBinaryOperator f =
                switch (in.mnemonic()) {
                    case PSHUFW -> (a, b) -> PackedShuffle.pshufw(b, imm);
                    case PALIGNR -> (a, b) -> PackedShift.window(b, a, 0, 0, imm);
                    default -> MMX_ONLY.get(in.mnemonic());
                };
        return f == null ? null : new MmxBinary(in, f);
    }

    // spotless:off
    private static Map<Mnemonic, LongBinaryOperator> halves() {
        Map<Mnemonic, LongBinaryOperator> t = new EnumMap<>(Mnemonic.class);
        t.put(PADDB, Packed::paddb); t.put(PADDW, Packed::paddw); t.put(PADDD, Packed::paddd); t.put(PADDQ, Packed::paddq);
        t.put(PSUBB, Packed::psubb); t.put(PSUBW, Packed::psubw); t.put(PSUBD, Packed::psubd); t.put(PSUBQ, Packed::psubq);
        t.put(PADDSB, Packed::paddsb); t.put(PADDSW, Packed::paddsw); t.put(PADDUSB, Packed::paddusb); t.put(PADDUSW, Packed::paddusw);
        t.put(PSUBSB, Packed::psubsb); t.put(PSUBSW, Packed::psubsw); t.put(PSUBUSB, Packed::psubusb); t.put(PSUBUSW, Packed::psubusw);
        t.put(PCMPEQB, Packed::pcmpeqb); t.put(PCMPEQW, Packed::pcmpeqw); t.put(PCMPEQD, Packed::pcmpeqd); t.put(PCMPEQQ, Packed::pcmpeqq);
        t.put(PCMPGTB, Packed::pcmpgtb); t.put(PCMPGTW, Packed::pcmpgtw); t.put(PCMPGTD, Packed::pcmpgtd); t.put(PCMPGTQ, Packed::pcmpgtq);
        t.put(PMINUB, Packed::pminub); t.put(PMAXUB, Packed::pmaxub); t.put(PMINSB, Packed::pminsb); t.put(PMAXSB, Packed::pmaxsb);
        t.put(PMINSW, Packed::pminsw); t.put(PMAXSW, Packed::pmaxsw); t.put(PMINUW, Packed::pminuw); t.put(PMAXUW, Packed::pmaxuw);
        t.put(PMINSD, Packed::pminsd); t.put(PMAXSD, Packed::pmaxsd); t.put(PMINUD, Packed::pminud); t.put(PMAXUD, Packed::pmaxud);
        t.put(PAVGB, Packed::pavgb); t.put(PAVGW, Packed::pavgw); t.put(PSADBW, Packed::psadbw);
        t.put(PMULLW, Packed::pmullw); t.put(PMULHW, Packed::pmulhw); t.put(PMULHUW, Packed::pmulhuw); t.put(PMULHRSW, Packed::pmulhrsw);
        t.put(PMADDWD, Packed::pmaddwd); t.put(PMADDUBSW, Packed::pmaddubsw);
        t.put(PMULUDQ, Packed::pmuludq); t.put(PMULDQ, Packed::pmuldq); t.put(PMULLD, Packed::pmulld);
        t.put(PSIGNB, Packed::psignb); t.put(PSIGNW, Packed::psignw); t.put(PSIGND, Packed::psignd);
        t.put(PABSB, Packed::pabsb); t.put(PABSW, Packed::pabsw); t.put(PABSD, Packed::pabsd);
        t.put(PAND, Packed::pand); t.put(ANDPS, Packed::pand); t.put(ANDPD, Packed::pand);
        t.put(PANDN, Packed::pandn); t.put(ANDNPS, Packed::pandn); t.put(ANDNPD, Packed::pandn);
        t.put(POR, Packed::por); t.put(ORPS, Packed::por); t.put(ORPD, Packed::por);
        t.put(PXOR, Packed::pxor); t.put(XORPS, Packed::pxor); t.put(XORPD, Packed::pxor);
        return t;
    }

    private static Map<Mnemonic, LongBinaryOperator> shifts() {
        Map<Mnemonic, LongBinaryOperator> t = new EnumMap<>(Mnemonic.class);
        t.put(PSLLW, PackedShift::psllw); t.put(PSLLD, PackedShift::pslld); t.put(PSLLQ, PackedShift::psllq);
        t.put(PSRLW, PackedShift::psrlw); t.put(PSRLD, PackedShift::psrld); t.put(PSRLQ, PackedShift::psrlq);
        t.put(PSRAW, PackedShift::psraw); t.put(PSRAD, PackedShift::psrad);
        return t;
    }

    private static Map<Mnemonic, LongBinaryOperator> mmxOnly() {
        Map<Mnemonic, LongBinaryOperator> t = new EnumMap<>(Mnemonic.class);
        t.put(PUNPCKLBW, PackedShuffle::punpcklbw); t.put(PUNPCKHBW, PackedShuffle::punpckhbw);
        t.put(PUNPCKLWD, PackedShuffle::punpcklwd); t.put(PUNPCKHWD, PackedShuffle::punpckhwd);
        t.put(PUNPCKLDQ, PackedShuffle::punpckldq); t.put(PUNPCKHDQ, PackedShuffle::punpckhdq);
        t.put(PACKSSWB, PackedShuffle::packsswb); t.put(PACKUSWB, PackedShuffle::packuswb); t.put(PACKSSDW, PackedShuffle::packssdw);
        t.put(PHADDW, Packed::phaddw); t.put(PHADDD, Packed::phaddd); t.put(PHADDSW, Packed::phaddsw);
        t.put(PHSUBW, Packed::phsubw); t.put(PHSUBD, Packed::phsubd); t.put(PHSUBSW, Packed::phsubsw);
        t.put(PSHUFB, PackedShuffle::pshufb);
        return t;
    }

    private static Op buildXmm(Instruction in) {
        int imm = (int) in.imm & 0xff;
        return switch (in.mnemonic()) {
            case PUNPCKLBW -> low(in, PackedShuffle::punpcklbw, PackedShuffle::punpckhbw);
            case PUNPCKHBW -> high(in, PackedShuffle::punpcklbw, PackedShuffle::punpckhbw);
            case PUNPCKLWD -> low(in, PackedShuffle::punpcklwd, PackedShuffle::punpckhwd);
            case PUNPCKHWD -> high(in, PackedShuffle::punpcklwd, PackedShuffle::punpckhwd);
            case PUNPCKLDQ, UNPCKLPS -> low(in, PackedShuffle::punpckldq, PackedShuffle::punpckhdq);
            case PUNPCKHDQ, UNPCKHPS -> high(in, PackedShuffle::punpckldq, PackedShuffle::punpckhdq);
            case PUNPCKLQDQ, UNPCKLPD, MOVLHPS -> wide(in, (al, ah, bl, bh) -> al, (al, ah, bl, bh) -> bl);
            case PUNPCKHQDQ, UNPCKHPD -> wide(in, (al, ah, bl, bh) -> ah, (al, ah, bl, bh) -> bh);
            case MOVHLPS -> wide(in, (al, ah, bl, bh) -> bh, (al, ah, bl, bh) -> ah);
            case PACKSSWB -> pairs(in, PackedShuffle::packsswb);
            case PACKUSWB -> pairs(in, PackedShuffle::packuswb);
            case PACKSSDW -> pairs(in, PackedShuffle::packssdw);
            case PACKUSDW -> pairs(in, PackedShuffle::packusdw);
            case PHADDW -> pairs(in, Packed::phaddw);
            case PHADDD -> pairs(in, Packed::phaddd);
            case PHADDSW -> pairs(in, Packed::phaddsw);
            case PHSUBW -> pairs(in, Packed::phsubw);
            case PHSUBD -> pairs(in, Packed::phsubd);
            case PHSUBSW -> pairs(in, Packed::phsubsw);
            case PSHUFB -> wide(in, (al, ah, bl, bh) -> PackedShuffle.pshufb(al, ah, bl), (al, ah, bl, bh) -> PackedShuffle.pshufb(al, ah, bh));
            case PSHUFD -> new Pshufd(in);
            case PSHUFLW -> wide(in, (al, ah, bl, bh) -> PackedShuffle.pshufw(bl, imm), (al, ah, bl, bh) -> bh);
            case PSHUFHW -> wide(in, (al, ah, bl, bh) -> bl, (al, ah, bl, bh) -> PackedShuffle.pshufw(bh, imm));
            case SHUFPS -> wide(in, (al, ah, bl, bh) -> PackedShuffle.pshufd(al, ah, imm), (al, ah, bl, bh) -> PackedShuffle.pshufd(bl, bh, imm >> 4));
            case SHUFPD -> wide(in, (al, ah, bl, bh) -> (imm & 1) == 0 ? al : ah, (al, ah, bl, bh) -> (imm & 2) == 0 ? bl : bh);
            case PALIGNR -> wide(in, (al, ah, bl, bh) -> PackedShift.window(bl, bh, al, ah, imm), (al, ah, bl, bh) -> PackedShift.window(bl, bh, al, ah, imm + 8));
            case PBLENDW -> blend(in, PackedShuffle.wordMask(imm), PackedShuffle.wordMask(imm >> 4));
            case BLENDPS -> blend(in, PackedShuffle.dwordMask(imm), PackedShuffle.dwordMask(imm >> 2));
            case BLENDPD -> blend(in, -(long) (imm & 1), -(long) (imm >> 1 & 1));
            case MOVSLDUP -> wide(in, (al, ah, bl, bh) -> (bl & 0xffff_ffffL) * 0x1_0000_0001L, (al, ah, bl, bh) -> (bh & 0xffff_ffffL) * 0x1_0000_0001L);
            case MOVSHDUP -> wide(in, (al, ah, bl, bh) -> (bl >>> 32) * 0x1_0000_0001L, (al, ah, bl, bh) -> (bh >>> 32) * 0x1_0000_0001L);
            case MOVDDUP -> sized(in, 8, (al, ah, bl, bh) -> bl, (al, ah, bl, bh) -> bl);
            case PMOVSXBW -> sized(in, 8, (al, ah, bl, bh) -> PackedShuffle.pmovsxbw(bl), (al, ah, bl, bh) -> PackedShuffle.pmovsxbw(bl >>> 32));
            case PMOVSXBD -> sized(in, 4, (al, ah, bl, bh) -> PackedShuffle.pmovsxbd(bl), (al, ah, bl, bh) -> PackedShuffle.pmovsxbd(bl >>> 16));
            case PMOVSXBQ -> sized(in, 2, (al, ah, bl, bh) -> (byte) bl, (al, ah, bl, bh) -> (byte) (bl >>> 8));
            case PMOVSXWD -> sized(in, 8, (al, ah, bl, bh) -> PackedShuffle.pmovsxwd(bl), (al, ah, bl, bh) -> PackedShuffle.pmovsxwd(bl >>> 32));
            case PMOVSXWQ -> sized(in, 4, (al, ah, bl, bh) -> (short) bl, (al, ah, bl, bh) -> (short) (bl >>> 16));
            case PMOVSXDQ -> sized(in, 8, (al, ah, bl, bh) -> (int) bl, (al, ah, bl, bh) -> (int) (bl >>> 32));
            case PMOVZXBW -> sized(in, 8, (al, ah, bl, bh) -> PackedShuffle.pmovzxbw(bl), (al, ah, bl, bh) -> PackedShuffle.pmovzxbw(bl >>> 32));
            case PMOVZXBD -> sized(in, 4, (al, ah, bl, bh) -> PackedShuffle.pmovzxbd(bl), (al, ah, bl, bh) -> PackedShuffle.pmovzxbd(bl >>> 16));
            case PMOVZXBQ -> sized(in, 2, (al, ah, bl, bh) -> bl & 0xff, (al, ah, bl, bh) -> bl >>> 8 & 0xff);
            case PMOVZXWD -> sized(in, 8, (al, ah, bl, bh) -> PackedShuffle.pmovzxwd(bl), (al, ah, bl, bh) -> PackedShuffle.pmovzxwd(bl >>> 32));
            case PMOVZXWQ -> sized(in, 4, (al, ah, bl, bh) -> bl & 0xffff, (al, ah, bl, bh) -> bl >>> 16 & 0xffff);
            case PMOVZXDQ -> sized(in, 8, (al, ah, bl, bh) -> bl & 0xffff_ffffL, (al, ah, bl, bh) -> bl >>> 32);
            case PHMINPOSUW -> wide(in, (al, ah, bl, bh) -> Sse41.phminposuw(bl, bh), (al, ah, bl, bh) -> 0);
            case MPSADBW -> mpsadbw(in, imm);
            case PSLLDQ -> new XmmInPlace(in, (al, ah, bl, bh) -> PackedShift.bytesLeft(0, al, imm), (al, ah, bl, bh) -> PackedShift.bytesLeft(al, ah, imm));
            case PSRLDQ -> new XmmInPlace(in, (al, ah, bl, bh) -> PackedShift.bytesRight(al, ah, imm), (al, ah, bl, bh) -> PackedShift.bytesRight(ah, 0, imm));
            default -> null;
        };
    }
    // spotless:on

    private static Op mpsadbw(Instruction in, int imm) {
        int at = (imm & 4) != 0 ? 4 : 0;
        int block = imm & 3;
        return wide(
                in,
                (al, ah, bl, bh) ->
                        Sse41.mpsadbw(al, ah, at, (int) PackedShuffle.dword(bl, bh, block)),
                (al, ah, bl, bh) ->
                        Sse41.mpsadbw(al, ah, at + 4, (int) PackedShuffle.dword(bl, bh, block)));
    }

    private static Op wide(Instruction in, Half low, Half high) {
        return new XmmWide(in, 16, low, high);
    }

    private static Op sized(Instruction in, int bytes, Half low, Half high) {
        return new XmmWide(in, bytes, low, high);
    }

    /** PUNPCKLxx: the interleaved low halves. */
    private static Op low(Instruction in, LongBinaryOperator l, LongBinaryOperator h) {
        return new Interleave(in, 0, l, h);
    }

    private static Op high(Instruction in, LongBinaryOperator l, LongBinaryOperator h) {
        return new Interleave(in, 1, l, h);
    }

    private static Op pairs(Instruction in, LongBinaryOperator f) {
        return new Pairs(in, f);
    }

    private static Op blend(Instruction in, long low, long high) {
        return wide(
                in,
                (al, ah, bl, bh) -> PackedShuffle.blend(al, bl, low),
                (al, ah, bl, bh) -> PackedShuffle.blend(ah, bh, high));
    }

    // ---- ops

    private static final class MmxBinary extends SimdOp {
        private final LongBinaryOperator f;
        private final int bytes;

        MmxBinary(Instruction in, LongBinaryOperator f) {
            super(in);
            this.f = f;
            bytes = in.bytes(1);
        }

        @Override
        public void exec(Cpu c) {
            needMmx(c);
            long b = mmxSource(c, bytes);
            enterMmx(c);
            setMmx(c, reg, f.applyAsLong(mmx(c, reg), b));
        }
    }

    /** The most frequent ones have classes of their own, for the JIT to see through. */
    private static Op xmmHalves(Instruction in, LongBinaryOperator f) {
        return switch (in.mnemonic()) {
            case PXOR, XORPS, XORPD -> new Pxor(in);
            case PADDD -> new Paddd(in);
            case PADDQ -> new Paddq(in);
            case PAND, ANDPS, ANDPD -> new Pand(in);
            default -> new XmmHalves(in, f);
        };
    }

    private static final class XmmHalves extends SimdOp {
        private final LongBinaryOperator f;

        XmmHalves(Instruction in, LongBinaryOperator f) {
            super(in);
            this.f = f;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = source(c, 16);
            long high = c.high;
            long[] x = c.s.xmm;
            x[2 * reg] = f.applyAsLong(x[2 * reg], low);
            x[2 * reg + 1] = f.applyAsLong(x[2 * reg + 1], high);
        }
    }

    private static final class Pxor extends SimdOp {
        Pxor(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = source(c, 16);
            c.s.xmm[2 * reg] ^= low;
            c.s.xmm[2 * reg + 1] ^= c.high;
        }
    }

    private static final class Pand extends SimdOp {
        Pand(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = source(c, 16);
            c.s.xmm[2 * reg] &= low;
            c.s.xmm[2 * reg + 1] &= c.high;
        }
    }

    private static final class Paddd extends SimdOp {
        Paddd(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = source(c, 16);
            long[] x = c.s.xmm;
            x[2 * reg] = Packed.paddd(x[2 * reg], low);
            x[2 * reg + 1] = Packed.paddd(x[2 * reg + 1], c.high);
        }
    }

    private static final class Paddq extends SimdOp {
        Paddq(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = source(c, 16);
            c.s.xmm[2 * reg] += low;
            c.s.xmm[2 * reg + 1] += c.high;
        }
    }

    private static final class XmmWide extends SimdOp {
        private final Half low, high;
        private final int bytes;

        XmmWide(Instruction in, int bytes, Half low, Half high) {
            super(in);
            this.bytes = bytes;
            this.low = low;
            this.high = high;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long bl = source(c, bytes);
            long bh = c.high;
            long[] x = c.s.xmm;
            long al = x[2 * reg];
            long ah = x[2 * reg + 1];
            x[2 * reg] = low.apply(al, ah, bl, bh);
            x[2 * reg + 1] = high.apply(al, ah, bl, bh);
        }
    }

    private static final class Interleave extends SimdOp {
        private final int half;
        private final LongBinaryOperator low, high;

        Interleave(Instruction in, int half, LongBinaryOperator low, LongBinaryOperator high) {
            super(in);
            this.half = half;
            this.low = low;
            this.high = high;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low64 = source(c, 16);
            long b = half == 0 ? low64 : c.high;
            long[] x = c.s.xmm;
            long a = x[2 * reg + half];
            x[2 * reg] = low.applyAsLong(a, b);
            x[2 * reg + 1] = high.applyAsLong(a, b);
        }
    }

    /** The destination makes the low half of the result, the source the high one. */
    private static final class Pairs extends SimdOp {
        private final LongBinaryOperator f;

        Pairs(Instruction in, LongBinaryOperator f) {
            super(in);
            this.f = f;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = source(c, 16);
            long high = c.high;
            long[] x = c.s.xmm;
            x[2 * reg] = f.applyAsLong(x[2 * reg], x[2 * reg + 1]);
            x[2 * reg + 1] = f.applyAsLong(low, high);
        }
    }

    private static final class Pshufd extends SimdOp {
        private final int imm;

        Pshufd(Instruction in) {
            super(in);
            imm = (int) in.imm & 0xff;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = source(c, 16);
            long high = c.high;
            c.s.xmm[2 * reg] = PackedShuffle.pshufd(low, high, imm);
            c.s.xmm[2 * reg + 1] = PackedShuffle.pshufd(low, high, imm >> 4);
        }
    }

    /** One register, which ModR/M rm names. */
    private static final class XmmInPlace extends SimdOp {
        private final Half low, high;

        XmmInPlace(Instruction in, Half low, Half high) {
            super(in);
            this.low = low;
            this.high = high;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long[] x = c.s.xmm;
            long al = x[2 * rm];
            long ah = x[2 * rm + 1];
            x[2 * rm] = low.apply(al, ah, 0, 0);
            x[2 * rm + 1] = high.apply(al, ah, 0, 0);
        }
    }

    // ---- shifts

    private static Op shift(Instruction in, LongBinaryOperator f) {
        boolean immediate = in.operand(1).place() == Place.IMM;
        Place place = in.operand(0).place();
        boolean mmx = place == Place.MMX_REG || place == Place.MMX_RM;
        if (immediate) {
            return mmx ? new MmxShiftImm(in, f) : new XmmShiftImm(in, f);
        }
        return mmx ? new MmxBinary(in, f) : new XmmShift(in, f);
    }

    private static final class MmxShiftImm extends SimdOp {
        private final LongBinaryOperator f;
        private final long count;

        MmxShiftImm(Instruction in, LongBinaryOperator f) {
            super(in);
            this.f = f;
            count = in.imm & 0xff;
        }

        @Override
        public void exec(Cpu c) {
            needMmx(c);
            enterMmx(c);
            setMmx(c, rm, f.applyAsLong(mmx(c, rm), count));
        }
    }

    private static final class XmmShiftImm extends SimdOp {
        private final LongBinaryOperator f;
        private final long count;

        XmmShiftImm(Instruction in, LongBinaryOperator f) {
            super(in);
            this.f = f;
            count = in.imm & 0xff;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long[] x = c.s.xmm;
            x[2 * rm] = f.applyAsLong(x[2 * rm], count);
            x[2 * rm + 1] = f.applyAsLong(x[2 * rm + 1], count);
        }
    }

    /** The count is the low quadword of the source. */
    private static final class XmmShift extends SimdOp {
        private final LongBinaryOperator f;

        XmmShift(Instruction in, LongBinaryOperator f) {
            super(in);
            this.f = f;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long count = source(c, 16);
            long[] x = c.s.xmm;
            x[2 * reg] = f.applyAsLong(x[2 * reg], count);
            x[2 * reg + 1] = f.applyAsLong(x[2 * reg + 1], count);
        }
    }
}
