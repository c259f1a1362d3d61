package trivium.x86.interp;

import static trivium.x86.interp.SimdFloats.pair;

import trivium.x86.decode.Instruction;
import trivium.x86.simd.SseFloat;

/** CVTxx: between singles, doubles and integers, in XMM, MMX, general registers and memory. */
final class SimdConversions {
    private SimdConversions() {}

    // spotless:off
    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case CVTSS2SD -> new Cvtss2sd(in);
            case CVTSD2SS -> new Cvtsd2ss(in);
            case CVTSI2SS -> new FromGeneral(in, false);
            case CVTSI2SD -> new FromGeneral(in, true);
            case CVTSS2SI -> new ToGeneral(in, false, false);
            case CVTSD2SI -> new ToGeneral(in, true, false);
            case CVTTSS2SI -> new ToGeneral(in, false, true);
            case CVTTSD2SI -> new ToGeneral(in, true, true);
            case CVTPI2PS -> new FromMmx(in, false);
            case CVTPI2PD -> new FromMmx(in, true);
            case CVTPS2PI -> new ToMmx(in, false, false);
            case CVTPD2PI -> new ToMmx(in, true, false);
            case CVTTPS2PI -> new ToMmx(in, false, true);
            case CVTTPD2PI -> new ToMmx(in, true, true);
            case CVTPS2PD -> new SimdFloats.Packed(in, 8, (f, al, ah, bl, bh) -> f.cvtss2sd((int) bl), (f, al, ah, bl, bh) -> f.cvtss2sd((int) (bl >>> 32)));
            case CVTPD2PS -> new SimdFloats.Packed(in, (f, al, ah, bl, bh) -> singles(f, bl, bh), (f, al, ah, bl, bh) -> 0);
            case CVTDQ2PS -> new SimdFloats.Packed(in, (f, al, ah, bl, bh) -> singlesFromInts(f, bl), (f, al, ah, bl, bh) -> singlesFromInts(f, bh));
            case CVTDQ2PD -> new SimdFloats.Packed(in, 8, (f, al, ah, bl, bh) -> f.fromInteger64((int) bl), (f, al, ah, bl, bh) -> f.fromInteger64(bl >> 32));
            case CVTPS2DQ -> new SimdFloats.Packed(in, (f, al, ah, bl, bh) -> intsFromSingles(f, bl, false), (f, al, ah, bl, bh) -> intsFromSingles(f, bh, false));
            case CVTTPS2DQ -> new SimdFloats.Packed(in, (f, al, ah, bl, bh) -> intsFromSingles(f, bl, true), (f, al, ah, bl, bh) -> intsFromSingles(f, bh, true));
            case CVTPD2DQ -> new SimdFloats.Packed(in, (f, al, ah, bl, bh) -> intsFromDoubles(f, bl, bh, false), (f, al, ah, bl, bh) -> 0);
            case CVTTPD2DQ -> new SimdFloats.Packed(in, (f, al, ah, bl, bh) -> intsFromDoubles(f, bl, bh, true), (f, al, ah, bl, bh) -> 0);
            default -> null;
        };
    }
    // spotless:on

    private static long singles(SseFloat f, long low, long high) {
        int first = f.cvtsd2ss(low);
        return pair(first, f.cvtsd2ss(high));
    }

    private static long singlesFromInts(SseFloat f, long ints) {
        int first = f.fromInteger32((int) ints);
        return pair(first, f.fromInteger32(ints >> 32));
    }

    private static long intsFromSingles(SseFloat f, long singles, boolean truncate) {
        int first = f.single2int((int) singles, truncate);
        return pair(first, f.single2int((int) (singles >>> 32), truncate));
    }

    private static long intsFromDoubles(SseFloat f, long low, long high, boolean truncate) {
        int first = f.double2int(low, truncate);
        return pair(first, f.double2int(high, truncate));
    }

    private static final class Cvtss2sd extends SimdOp {
        Cvtss2sd(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            int b = (int) source(c, 4);
            c.sse.begin(c.s.mxcsr);
            long result = c.sse.cvtss2sd(b);
            finish(c, c.sse);
            c.s.xmm[2 * reg] = result;
        }
    }

    private static final class Cvtsd2ss extends SimdOp {
        Cvtsd2ss(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long b = source(c, 8);
            c.sse.begin(c.s.mxcsr);
            int result = c.sse.cvtsd2ss(b);
            finish(c, c.sse);
            SimdFloats.setLow(c, reg, result);
        }
    }

    private static final class FromGeneral extends SimdOp {
        private final boolean toDouble;
        private final int bytes;

        FromGeneral(Instruction in, boolean toDouble) {
            super(in);
            this.toDouble = toDouble;
            bytes = in.bytes(1);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long raw = generalSource(c, bytes);
            long value = bytes == 8 ? raw : (int) raw;
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            if (toDouble) {
                long result = f.fromInteger64(value);
                finish(c, f);
                c.s.xmm[2 * reg] = result;
            } else {
                int result = f.fromInteger32(value);
                finish(c, f);
                SimdFloats.setLow(c, reg, result);
            }
        }
    }

    private static final class ToGeneral extends SimdOp {
        private final boolean fromDouble, truncate, wide;

        ToGeneral(Instruction in, boolean fromDouble, boolean truncate) {
            super(in);
            this.fromDouble = fromDouble;
            this.truncate = truncate;
            wide = in.bytes(0) == 8;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long b = source(c, fromDouble ? 8 : 4);
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            long result;
            if (wide) {
                result = fromDouble ? f.double2long(b, truncate) : f.single2long((int) b, truncate);
            } else {
                int narrow =
                        fromDouble ? f.double2int(b, truncate) : f.single2int((int) b, truncate);
                result = narrow & 0xffff_ffffL;
            }
            finish(c, f);
            c.r[reg] = result;
        }
    }

    /** CVTPI2PS keeps the high half. With a source in memory no MMX register is used. */
    private static final class FromMmx extends SimdOp {
        private final boolean toDouble;

        FromMmx(Instruction in, boolean toDouble) {
            super(in);
            this.toDouble = toDouble;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            if (!memory) {
                needMmx(c);
            }
            long b = mmxSource(c, 8);
            if (!memory) {
                enterMmx(c);
            }
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            long[] x = c.s.xmm;
            if (toDouble) {
                x[2 * reg] = f.fromInteger64((int) b);
                x[2 * reg + 1] = f.fromInteger64(b >> 32);
            } else {
                long result = singlesFromInts(f, b);
                finish(c, f);
                x[2 * reg] = result;
            }
        }
    }

    private static final class ToMmx extends SimdOp {
        private final boolean fromDouble, truncate;

        ToMmx(Instruction in, boolean fromDouble, boolean truncate) {
            super(in);
            this.fromDouble = fromDouble;
            this.truncate = truncate;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            needMmx(c);
            long b = source(c, fromDouble ? 16 : 8);
            SseFloat f = c.sse;
            f.begin(c.s.mxcsr);
            long result =
                    fromDouble
                            ? intsFromDoubles(f, b, c.high, truncate)
                            : intsFromSingles(f, b, truncate);
            // The processor is in MMX mode even if an exception follows.
            enterMmx(c);
            finish(c, f);
            setMmx(c, reg, result);
        }
    }
}
