package trivium.x86.interp;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand;
import trivium.x86.fp.Constant80;
import trivium.x86.fp.Convert80;
import trivium.x86.fp.Decimal80;

/** What pushes: FLD, FILD, FBLD and the constants. */
final class X87Loads {
    private X87Loads() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case FLD -> load(in);
            case FILD -> integer(in);
            case FBLD -> new FromMemory(in, X87Loads::decimal);
            case FLD1 -> constant(in, Constant80.ONE);
            case FLDL2T -> constant(in, Constant80.LOG2_10);
            case FLDL2E -> constant(in, Constant80.LOG2_E);
            case FLDPI -> constant(in, Constant80.PI);
            case FLDLG2 -> constant(in, Constant80.LOG10_2);
            case FLDLN2 -> constant(in, Constant80.LN_2);
            case FLDZ -> constant(in, Constant80.ZERO);
            default -> null;
        };
    }

    private static Op load(Instruction in) {
        if (in.isRegisterForm()) {
            return new FromRegister(in);
        }
        return switch (in.operand(0)) {
            case Md -> new FromFloat(in);
            case Mq -> new FromDouble(in);
            default -> new FromMemory(in, X87Loads::extended);
        };
    }

    private static Op integer(Instruction in) {
        Operand operand = in.operand(0);
        return new FromMemory(
                in,
                switch (operand) {
                    case Mw ->
                            (c, seg, at) ->
                                    Convert80.fromInteger(c.x87.f, (short) c.load16(seg, at));
                    case Md -> (c, seg, at) -> Convert80.fromInteger(c.x87.f, c.load32(seg, at));
                    default -> (c, seg, at) -> Convert80.fromInteger(c.x87.f, c.load64(seg, at));
                });
    }

    /** FLD of the extended format takes anything as it is. */
    private static void extended(Cpu c, int seg, long offset) {
        c.x87.f.mantissa = c.load80(seg, offset);
        c.x87.f.signExponent = (int) c.high & 0xffff;
    }

    private static void decimal(Cpu c, int seg, long offset) {
        long low = c.load80(seg, offset);
        Decimal80.load(c.x87.f, low, (int) c.high & 0xffff);
    }

    private static Op constant(Instruction in, Constant80 constant) {
        return new X87Op(in) {
            @Override
            public void exec(Cpu c) {
                X87Unit u = start(c);
                constant.load(u.f);
                u.finishLoad(false);
            }
        };
    }

    private static final class FromRegister extends X87Op {
        private final int i;

        FromRegister(Instruction in) {
            super(in);
            i = in.modRm & 7;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int from = u.physical(i);
            if (u.isEmpty(from)) {
                u.pushFault(false);
                return;
            }
            u.f.mantissa = u.m[from];
            u.f.signExponent = u.se[from];
            u.finishLoad(false);
        }
    }

    private static final class FromFloat extends X87MemOp {
        FromFloat(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            long offset = ea(c);
            Convert80.fromFloat(u.f, c.load32(seg, offset));
            note(u, offset);
            Convert80.load(u.f);
            u.finishLoad(u.f.loadAborted());
        }
    }

    private static final class FromDouble extends X87MemOp {
        FromDouble(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            long offset = ea(c);
            Convert80.fromDouble(u.f, c.load64(seg, offset));
            note(u, offset);
            Convert80.load(u.f);
            u.finishLoad(u.f.loadAborted());
        }
    }

    /** Leaves a memory operand in the FPU context. */
    private interface Reader {
        void read(Cpu c, int seg, long offset);
    }

    private static final class FromMemory extends X87MemOp {
        private final Reader reader;

        FromMemory(Instruction in, Reader reader) {
            super(in);
            this.reader = reader;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            long offset = ea(c);
            reader.read(c, seg, offset);
            note(u, offset);
            u.finishLoad(false);
        }
    }
}
