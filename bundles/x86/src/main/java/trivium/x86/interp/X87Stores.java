package trivium.x86.interp;

import trivium.x86.decode.Instruction;
import trivium.x86.fp.Convert80;
import trivium.x86.fp.Decimal80;
import trivium.x86.fp.Float80;
import trivium.x86.fp.FpuContext;

/** FST, FSTP, FIST, FISTP, FISTTP and FBSTP. */
final class X87Stores {
    private X87Stores() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case FST -> store(in, false);
            case FSTP -> store(in, true);
            case FIST -> integer(in, false, false);
            case FISTP -> integer(in, false, true);
            case FISTTP -> integer(in, true, true);
            case FBSTP -> new ToMemory(in, 10, true, Decimal80::store);
            default -> null;
        };
    }

    private static Op store(Instruction in, boolean pop) {
        if (in.isRegisterForm()) {
            return new ToRegister(in, pop);
        }
        return switch (in.operand(0)) {
            case Md ->
                    new ToMemory(
                            in, 4, pop, (f, m, se) -> f.mantissa = Convert80.toFloat(f, m, se));
            case Mq -> new ToDouble(in, pop);
            default -> new ToMemory(in, 10, pop, X87Stores::extended);
        };
    }

    private static void extended(FpuContext f, long m, int se) {
        f.mantissa = m;
        f.signExponent = se;
    }

    private static Op integer(Instruction in, boolean truncated, boolean pop) {
        int bytes = in.bytes(0), bits = 8 * bytes;
        Converter converter =
                truncated
                        ? (f, m, se) -> f.mantissa = Convert80.toIntegerTruncated(f, m, se, bits)
                        : (f, m, se) -> f.mantissa = Convert80.toInteger(f, m, se, bits);
        return new ToMemory(in, bytes, pop, converter);
    }

    private static final class ToRegister extends X87Op {
        private final int i;
        private final boolean pop;

        ToRegister(Instruction in, boolean pop) {
            super(in);
            i = in.modRm & 7;
            this.pop = pop;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int from = u.physical(0), to = u.physical(i);
            if (u.isEmpty(from)) {
                u.underflow(to, pop);
                return;
            }
            u.clearC1();
            u.put(to, u.m[from], u.se[from]);
            if (pop) {
                u.pop();
            }
        }
    }

    /** Leaves what is to be stored in {@code mantissa}, a ten-byte operand's top in the other. */
    private interface Converter {
        void convert(FpuContext f, long m, int se);
    }

    private static final class ToMemory extends X87MemOp {
        private final int bytes;
        private final boolean pop;
        private final Converter converter;

        ToMemory(Instruction in, int bytes, boolean pop, Converter converter) {
            super(in);
            this.bytes = bytes;
            this.pop = pop;
            this.converter = converter;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            FpuContext f = u.f;
            int from = u.physical(0);
            boolean empty = u.isEmpty(from);
            if (empty) {
                // The indefinite of the operand's format; it signals IE, too.
                converter.convert(f, Float80.QUIET_NAN, Float80.INDEFINITE_SE);
                f.flags = FpuContext.IE;
            } else {
                converter.convert(f, u.m[from], u.se[from]);
            }
            long offset = ea(c);
            boolean aborted = f.storeAborted();
            if (aborted) {
                c.checkWrite(seg, offset, bytes);
            } else if (bytes == 10) {
                c.store80(seg, offset, f.mantissa, f.signExponent);
            } else {
                c.store(seg, offset, bytes, f.mantissa);
            }
            note(u, offset);
            if (empty) {
                u.stackFault(false);
            } else {
                u.signal();
            }
            if (!aborted && pop) {
                u.pop();
            }
        }
    }

    private static final class ToDouble extends X87MemOp {
        private final boolean pop;

        ToDouble(Instruction in, boolean pop) {
            super(in);
            this.pop = pop;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            FpuContext f = u.f;
            int from = u.physical(0);
            boolean empty = u.isEmpty(from);
            long bits =
                    empty ? 0xfff8_0000_0000_0000L : Convert80.toDouble(f, u.m[from], u.se[from]);
            f.flags |= empty ? FpuContext.IE : 0;
            long offset = ea(c);
            boolean aborted = f.storeAborted();
            if (aborted) {
                c.checkWrite(seg, offset, 8);
            } else {
                c.store64(seg, offset, bits);
            }
            note(u, offset);
            if (empty) {
                u.stackFault(false);
            } else {
                u.signal();
            }
            if (!aborted && pop) {
                u.pop();
            }
        }
    }
}
