package trivium.x86.interp;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.simd.SseFloat;

/** Floating-point instructions from XMM to XMM. */
final class SimdFloats {
    /** One result of 64 or 32 bits from an element of each operand. */
    @FunctionalInterface
    interface Double {
        long apply(SseFloat f, long a, long b);
    }

    @FunctionalInterface
    interface Single {
        int apply(SseFloat f, int a, int b);
    }

    /** Half of a 128-bit result from both operands' low and high halves. */
    @FunctionalInterface
    interface Half {
        long apply(SseFloat f, long aLow, long aHigh, long bLow, long bHigh);
    }

    private SimdFloats() {}

    // spotless:off
    static Op build(Instruction in) {
        int imm = (int) in.imm & 0xff;
        int predicate = imm & 7;
        return switch (in.mnemonic()) {
            case ADDPD, SUBPD, MULPD, DIVPD -> new ArithPd(in, arithmetic64(in.mnemonic()));
            case ADDSD, SUBSD, MULSD, DIVSD -> new ArithSd(in, arithmetic64(in.mnemonic()));
            case ADDPS, SUBPS, MULPS, DIVPS -> new ArithPs(in, arithmetic32(in.mnemonic()));
            case ADDSS, SUBSS, MULSS, DIVSS -> new ArithSs(in, arithmetic32(in.mnemonic()));
            case SQRTPD -> packed64(in, (f, a, b) -> f.sqrt64(b));
            case SQRTSD -> new Scalar64(in, (f, a, b) -> f.sqrt64(b));
            case SQRTPS -> packed32(in, (f, a, b) -> f.sqrt32(b));
            case SQRTSS -> new Scalar32(in, (f, a, b) -> f.sqrt32(b));
            case MINPD -> packed64(in, SseFloat::min64);
            case MINSD -> new Scalar64(in, SseFloat::min64);
            case MINPS -> packed32(in, SseFloat::min32);
            case MINSS -> new Scalar32(in, SseFloat::min32);
            case MAXPD -> packed64(in, SseFloat::max64);
            case MAXSD -> new Scalar64(in, SseFloat::max64);
            case MAXPS -> packed32(in, SseFloat::max32);
            case MAXSS -> new Scalar32(in, SseFloat::max32);
            case CMPPD -> packed64(in, (f, a, b) -> f.cmp64(a, b, predicate));
            case CMPSD -> new Scalar64(in, (f, a, b) -> f.cmp64(a, b, predicate));
            case CMPPS -> packed32(in, (f, a, b) -> f.cmp32(a, b, predicate));
            case CMPSS -> new Scalar32(in, (f, a, b) -> f.cmp32(a, b, predicate));
            case ROUNDPD -> packed64(in, (f, a, b) -> f.round64(b, imm));
            case ROUNDSD -> new Scalar64(in, (f, a, b) -> f.round64(b, imm));
            case ROUNDPS -> packed32(in, (f, a, b) -> f.round32(b, imm));
            case ROUNDSS -> new Scalar32(in, (f, a, b) -> f.round32(b, imm));
            case RCPPS -> packed32(in, (f, a, b) -> SseFloat.rcp32(b));
            case RCPSS -> new Scalar32(in, (f, a, b) -> SseFloat.rcp32(b));
            case RSQRTPS -> packed32(in, (f, a, b) -> SseFloat.rsqrt32(b));
            case RSQRTSS -> new Scalar32(in, (f, a, b) -> SseFloat.rsqrt32(b));
            case HADDPD -> new Packed(in, (f, al, ah, bl, bh) -> f.add64(al, ah), (f, al, ah, bl, bh) -> f.add64(bl, bh));
            case HSUBPD -> new Packed(in, (f, al, ah, bl, bh) -> f.sub64(al, ah), (f, al, ah, bl, bh) -> f.sub64(bl, bh));
            case HADDPS -> horizontal32(in, SseFloat::add32);
            case HSUBPS -> horizontal32(in, SseFloat::sub32);
            case ADDSUBPD -> new Packed(in, (f, al, ah, bl, bh) -> f.sub64(al, bl), (f, al, ah, bl, bh) -> f.add64(ah, bh));
            case ADDSUBPS -> new Packed(in, (f, al, ah, bl, bh) -> addsub32(f, al, bl), (f, al, ah, bl, bh) -> addsub32(f, ah, bh));
            case DPPD -> dppd(in, imm);
            case DPPS -> dpps(in, imm);
            case COMISS -> new Compare32(in, true);
            case UCOMISS -> new Compare32(in, false);
            case COMISD -> new Compare64(in, true);
            case UCOMISD -> new Compare64(in, false);
            default -> null;
        };
    }
    // spotless:on

    private static final int ADD = 0, SUB = 1, MUL = 2, DIV = 3;

    private static int kind(Mnemonic m) {
        return switch (m) {
            case ADDPD, ADDSD, ADDPS, ADDSS -> ADD;
            case SUBPD, SUBSD, SUBPS, SUBSS -> SUB;
            case MULPD, MULSD, MULPS, MULSS -> MUL;
            default -> DIV;
        };
    }

    private static Double arithmetic64(Mnemonic m) {
        return switch (kind(m)) {
            case ADD -> SseFloat::add64;
            case SUB -> SseFloat::sub64;
            case MUL -> SseFloat::mul64;
            default -> SseFloat::div64;
        };
    }

    private static Single arithmetic32(Mnemonic m) {
        return switch (kind(m)) {
            case ADD -> SseFloat::add32;
            case SUB -> SseFloat::sub32;
            case MUL -> SseFloat::mul32;
            default -> SseFloat::div32;
        };
    }

    static long pair(int low, int high) {
        return (long) high << 32 | low & 0xffff_ffffL;
    }

    private static long lanes(Single lane, SseFloat f, long a, long b) {
        int low = lane.apply(f, (int) a, (int) b);
        return pair(low, lane.apply(f, (int) (a >>> 32), (int) (b >>> 32)));
    }

    private static Op packed64(Instruction in, Double lane) {
        return new Packed(
                in,
                (f, al, ah, bl, bh) -> lane.apply(f, al, bl),
                (f, al, ah, bl, bh) -> lane.apply(f, ah, bh));
    }

    private static Op packed32(Instruction in, Single lane) {
        return new Packed(
                in,
                (f, al, ah, bl, bh) -> lanes(lane, f, al, bl),
                (f, al, ah, bl, bh) -> lanes(lane, f, ah, bh));
    }

    private static Op horizontal32(Instruction in, Single lane) {
        return new Packed(
                in,
                (f, al, ah, bl, bh) -> neighbours(lane, f, al, ah),
                (f, al, ah, bl, bh) -> neighbours(lane, f, bl, bh));
    }

    private static long neighbours(Single lane, SseFloat f, long low, long high) {
        int first = lane.apply(f, (int) low, (int) (low >>> 32));
        return pair(first, lane.apply(f, (int) high, (int) (high >>> 32)));
    }

    private static long addsub32(SseFloat f, long a, long b) {
        int low = f.sub32((int) a, (int) b);
        return pair(low, f.add32((int) (a >>> 32), (int) (b >>> 32)));
    }

    // ---- dot products: one sum, copied where the low bits of imm say

    private static Op dppd(Instruction in, int imm) {
        return new Dot(in, imm, true);
    }

    private static Op dpps(Instruction in, int imm) {
        return new Dot(in, imm, false);
    }

    private static final class Dot extends SimdOp {
        private final int imm;
        private final boolean doubles;

        Dot(Instruction in, int imm, boolean doubles) {
            super(in);
            this.imm = imm;
            this.doubles = doubles;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long bl = source(c, 16);
            long bh = c.high;
            long[] x = c.s.xmm;
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            if (doubles) {
                long dot = f.dot64(x[2 * reg], x[2 * reg + 1], bl, bh, imm);
                finish(c, f);
                x[2 * reg] = dot & -(long) (imm & 1);
                x[2 * reg + 1] = dot & -(long) (imm >> 1 & 1);
            } else {
                int dot = f.dot32(x[2 * reg], x[2 * reg + 1], bl, bh, imm);
                finish(c, f);
                x[2 * reg] = pair(dot & -(imm & 1), dot & -(imm >> 1 & 1));
                x[2 * reg + 1] = pair(dot & -(imm >> 2 & 1), dot & -(imm >> 3 & 1));
            }
        }
    }

    // ---- general forms

    /** A 128-bit result; nothing is stored until all of it is known not to fault. */
    static final class Packed extends SimdOp {
        private final Half low, high;
        private final int bytes;

        Packed(Instruction in, Half low, Half high) {
            this(in, 16, low, high);
        }

        Packed(Instruction in, int bytes, Half low, Half high) {
            super(in);
            this.low = low;
            this.high = high;
            this.bytes = bytes;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long bl = source(c, bytes);
            long bh = c.high;
            long[] x = c.s.xmm;
            long al = x[2 * reg];
            long ah = x[2 * reg + 1];
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            long resultLow = low.apply(f, al, ah, bl, bh);
            long resultHigh = high.apply(f, al, ah, bl, bh);
            finish(c, f);
            x[2 * reg] = resultLow;
            x[2 * reg + 1] = resultHigh;
        }
    }

    private static final class Scalar64 extends SimdOp {
        private final Double lane;

        Scalar64(Instruction in, Double lane) {
            super(in);
            this.lane = lane;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long b = source(c, 8);
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            long result = lane.apply(f, c.s.xmm[2 * reg], b);
            finish(c, f);
            c.s.xmm[2 * reg] = result;
        }
    }

    private static final class Scalar32 extends SimdOp {
        private final Single lane;

        Scalar32(Instruction in, Single lane) {
            super(in);
            this.lane = lane;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            int b = (int) source(c, 4);
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            int result = lane.apply(f, (int) c.s.xmm[2 * reg], b);
            finish(c, f);
            setLow(c, reg, result);
        }
    }

    static void setLow(Cpu c, int register, int value) {
        long[] x = c.s.xmm;
        x[2 * register] = x[2 * register] & -1L << 32 | value & 0xffff_ffffL;
    }

    private static final class Compare64 extends SimdOp {
        private final boolean signaling;

        Compare64(Instruction in, boolean signaling) {
            super(in);
            this.signaling = signaling;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long b = source(c, 8);
            c.sse.begin(c.s.mxcsr);
            int flags = c.sse.compareFlags64(c.s.xmm[2 * reg], b, signaling);
            finish(c, c.sse);
            c.setStatusFlags(flags);
        }
    }

    private static final class Compare32 extends SimdOp {
        private final boolean signaling;

        Compare32(Instruction in, boolean signaling) {
            super(in);
            this.signaling = signaling;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            int b = (int) source(c, 4);
            c.sse.begin(c.s.mxcsr);
            int flags = c.sse.compareFlags32((int) c.s.xmm[2 * reg], b, signaling);
            finish(c, c.sse);
            c.setStatusFlags(flags);
        }
    }

    // ---- the four operations, where programs spend their time
    //
    // Quick: rounding to nearest and PE masked and set already, ordinary operands and results:
    // then the host's result is the guest's, and there is nothing to tell. Otherwise SseFloat.

    private static long quickDouble(int kind, long aBits, long bBits) {
        double a = java.lang.Double.longBitsToDouble(aBits);
        double b = java.lang.Double.longBitsToDouble(bBits);
        double r =
                switch (kind) {
                    case ADD -> a + b;
                    case SUB -> a - b;
                    case MUL -> a * b;
                    default -> a / b;
                };
        return java.lang.Double.doubleToRawLongBits(r);
    }

    private static final class ArithPd extends SimdOp {
        private final int kind;
        private final Double lane;

        ArithPd(Instruction in, Double lane) {
            super(in);
            kind = kind(in.mnemonic());
            this.lane = lane;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long bl = source(c, 16);
            long bh = c.high;
            long[] x = c.s.xmm;
            long al = x[2 * reg];
            long ah = x[2 * reg + 1];
            long r0 = quickDouble(kind, al, bl);
            long r1 = quickDouble(kind, ah, bh);
            int unsure0 = SseFloat.unsure64(al, bl, r0);
            int unsure1 = SseFloat.unsure64(ah, bh, r1);
            if (!SseFloat.quick(c.s.mxcsr)) {
                slow(c, bl, bh);
                return;
            }
            if ((unsure0 | unsure1) < 0) {
                r0 = unsure0 < 0 ? SseFloat.settle64(al, bl, r0, kind == DIV) : r0;
                r1 = unsure1 < 0 ? SseFloat.settle64(ah, bh, r1, kind == DIV) : r1;
                if (r0 == SseFloat.UNSETTLED || r1 == SseFloat.UNSETTLED) {
                    slow(c, bl, bh);
                    return;
                }
            }
            x[2 * reg] = r0;
            x[2 * reg + 1] = r1;
        }

        private void slow(Cpu c, long bl, long bh) {
            long[] x = c.s.xmm;
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            long low = lane.apply(f, x[2 * reg], bl);
            long high = lane.apply(f, x[2 * reg + 1], bh);
            finish(c, f);
            x[2 * reg] = low;
            x[2 * reg + 1] = high;
        }
    }

    private static final class ArithSd extends SimdOp {
        private final int kind;
        private final Double lane;

        ArithSd(Instruction in, Double lane) {
            super(in);
            kind = kind(in.mnemonic());
            this.lane = lane;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long b = memory ? c.load64(seg, ea(c)) : c.s.xmm[2 * rm];
            long a = c.s.xmm[2 * reg];
            long r = quickDouble(kind, a, b);
            if (SseFloat.unsure64(a, b, r) < 0) {
                r = SseFloat.settle64(a, b, r, kind == DIV);
            }
            if (r != SseFloat.UNSETTLED && SseFloat.quick(c.s.mxcsr)) {
                c.s.xmm[2 * reg] = r;
            } else {
                slow(c, b);
            }
        }

        private void slow(Cpu c, long b) {
            c.sse.begin(c.s.mxcsr);
            long result = lane.apply(c.sse, c.s.xmm[2 * reg], b);
            finish(c, c.sse);
            c.s.xmm[2 * reg] = result;
        }
    }

    private static int quickSingle(int kind, int aBits, int bBits) {
        float a = Float.intBitsToFloat(aBits);
        float b = Float.intBitsToFloat(bBits);
        float r =
                switch (kind) {
                    case ADD -> a + b;
                    case SUB -> a - b;
                    case MUL -> a * b;
                    default -> a / b;
                };
        return Float.floatToRawIntBits(r);
    }

    private static final class ArithPs extends SimdOp {
        private final int kind;
        private final Single lane;

        ArithPs(Instruction in, Single lane) {
            super(in);
            kind = kind(in.mnemonic());
            this.lane = lane;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long bl = source(c, 16);
            long bh = c.high;
            long[] x = c.s.xmm;
            long al = x[2 * reg];
            long ah = x[2 * reg + 1];
            int r0 = quickSingle(kind, (int) al, (int) bl);
            int r1 = quickSingle(kind, (int) (al >>> 32), (int) (bl >>> 32));
            int r2 = quickSingle(kind, (int) ah, (int) bh);
            int r3 = quickSingle(kind, (int) (ah >>> 32), (int) (bh >>> 32));
            int unsure =
                    SseFloat.unsure32((int) al, (int) bl, r0)
                            | SseFloat.unsure32((int) (al >>> 32), (int) (bl >>> 32), r1)
                            | SseFloat.unsure32((int) ah, (int) bh, r2)
                            | SseFloat.unsure32((int) (ah >>> 32), (int) (bh >>> 32), r3);
            if (unsure >= 0 && SseFloat.quick(c.s.mxcsr)) {
                x[2 * reg] = pair(r0, r1);
                x[2 * reg + 1] = pair(r2, r3);
                return;
            }
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            long low = lanes(lane, f, al, bl);
            long high = lanes(lane, f, ah, bh);
            finish(c, f);
            x[2 * reg] = low;
            x[2 * reg + 1] = high;
        }
    }

    private static final class ArithSs extends SimdOp {
        private final int kind;
        private final Single lane;

        ArithSs(Instruction in, Single lane) {
            super(in);
            kind = kind(in.mnemonic());
            this.lane = lane;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            int b = memory ? c.load32(seg, ea(c)) : (int) c.s.xmm[2 * rm];
            int a = (int) c.s.xmm[2 * reg];
            int r = quickSingle(kind, a, b);
            if (SseFloat.unsure32(a, b, r) >= 0 && SseFloat.quick(c.s.mxcsr)) {
                setLow(c, reg, r);
                return;
            }
            c.sse.begin(c.s.mxcsr);
            int result = lane.apply(c.sse, a, b);
            finish(c, c.sse);
            setLow(c, reg, result);
        }
    }
}
