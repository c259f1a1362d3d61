package trivium.x86.interp;

import static trivium.x86.fp.FpuContext.C0;
import static trivium.x86.fp.FpuContext.C1;
import static trivium.x86.fp.FpuContext.C2;
import static trivium.x86.fp.FpuContext.C3;

import trivium.x86.decode.Instruction;
import trivium.x86.fp.Arith80;
import trivium.x86.fp.Compare80;
import trivium.x86.fp.Float80;
import trivium.x86.fp.FpuContext;
import trivium.x86.fp.Log80;
import trivium.x86.fp.Scale80;
import trivium.x86.fp.Trig80;

/** Instructions on ST0, or on ST0 and ST1, that have no operands. */
final class X87Functions {
    private X87Functions() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case FCHS -> new Sign(in, 0, Float80.SIGN);
            case FABS -> new Sign(in, Float80.SIGN, 0);
            case FTST -> new Test(in);
            case FXAM -> new Examine(in);
            case FSQRT -> new Unary(in, 0, Arith80::sqrt);
            case FRNDINT -> new Unary(in, 0, Scale80::roundToInteger);
            case F2XM1 -> new Unary(in, 0, Log80::f2xm1);
            case FSIN -> new Unary(in, C2, Trig80::sin);
            case FCOS -> new Unary(in, C2, Trig80::cos);
            case FPREM -> new Remainder(in, false);
            case FPREM1 -> new Remainder(in, true);
            case FSCALE -> new Binary(in, false, Scale80::scale);
            case FYL2X -> new Binary(in, true, Log80::yl2x);
            case FYL2XP1 -> new Binary(in, true, Log80::yl2xp1);
            case FPATAN -> new Binary(in, true, Trig80::atan);
            case FXTRACT -> new Pushing(in, 0, Scale80::extract);
            case FPTAN -> new Pushing(in, C2, Trig80::tan);
            case FSINCOS -> new Pushing(in, C2, Trig80::sincos);
            default -> null;
        };
    }

    /** FCHS and FABS: no operand is invalid. */
    private static final class Sign extends X87Op {
        private final int clear, flip;

        Sign(Instruction in, int clear, int flip) {
            super(in);
            this.clear = clear;
            this.flip = flip;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0);
            if (u.isEmpty(a)) {
                u.underflow(a, false);
            } else {
                u.clearC1();
                u.se[a] = u.se[a] & ~clear ^ flip;
            }
        }
    }

    private static final class Test extends X87Op {
        Test(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0);
            if (u.isEmpty(a)) {
                u.signal(0, C0 | C2 | C3);
                u.stackFault(false);
            } else {
                Compare80.compare(u.f, u.m[a], u.se[a], 0, 0, false);
                u.signalConditions(C0 | C2 | C3);
            }
        }
    }

    private static final class Examine extends X87Op {
        Examine(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0);
            int cc = Float80.examine(u.m[a], u.se[a]);
            if (u.isEmpty(a)) {
                cc = cc & C1 | C3 | C0;
            }
            u.signal(C0 | C1 | C2 | C3, cc);
        }
    }

    private interface UnaryFunction {
        void apply(FpuContext f, long m, int se);
    }

    private interface BinaryFunction {
        void apply(FpuContext f, long am, int as, long bm, int bs);
    }

    /** ST0 := f(ST0). */
    private static final class Unary extends X87Op {
        private final int conditions;
        private final UnaryFunction function;

        Unary(Instruction in, int conditions, UnaryFunction function) {
            super(in);
            this.conditions = conditions;
            this.function = function;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0);
            if (u.isEmpty(a)) {
                u.signal(conditions, 0);
                u.underflow(a, false);
                return;
            }
            function.apply(u.f, u.m[a], u.se[a]);
            u.signal(conditions, u.f.conditions & conditions);
            u.finish(a, false);
        }
    }

    /** ST0 := f(ST0, ST1), or ST1 := f(ST0, ST1) and pop. */
    private static final class Binary extends X87Op {
        private final boolean pop;
        private final BinaryFunction function;

        Binary(Instruction in, boolean pop, BinaryFunction function) {
            super(in);
            this.pop = pop;
            this.function = function;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0), b = u.physical(1), destination = pop ? b : a;
            if (u.isEmpty(a) || u.isEmpty(b)) {
                u.underflow(destination, pop);
                return;
            }
            function.apply(u.f, u.m[a], u.se[a], u.m[b], u.se[b]);
            u.finish(destination, pop);
        }
    }

    /** FPREM and FPREM1. Where there is no remainder only C2 is cleared. */
    private static final class Remainder extends X87Op {
        private final boolean nearest;

        Remainder(Instruction in, boolean nearest) {
            super(in);
            this.nearest = nearest;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0), b = u.physical(1);
            if (u.isEmpty(a) || u.isEmpty(b)) {
                u.signal(C2, 0);
                u.underflow(a, false);
                return;
            }
            long bm = u.m[b];
            boolean taken = Scale80.remainder(u.f, u.m[a], u.se[a], bm, u.se[b], nearest);
            u.signal(taken ? C0 | C2 | C3 : C2, u.f.conditions);
            u.finish(a, false);
        }
    }

    /** ST0 := f(ST0), then a second result is pushed; not if C2 says that nothing was done. */
    private static final class Pushing extends X87Op {
        private final int conditions;
        private final UnaryFunction function;

        Pushing(Instruction in, int conditions, UnaryFunction function) {
            super(in);
            this.conditions = conditions;
            this.function = function;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0);
            boolean empty = u.isEmpty(a);
            if (empty || !u.isEmpty(u.physical(7))) {
                u.signal(conditions, 0);
                if (u.stackFault(!empty)) {
                    u.put(a, Float80.QUIET_NAN, Float80.INDEFINITE_SE);
                    u.push(Float80.QUIET_NAN, Float80.INDEFINITE_SE);
                }
                return;
            }
            FpuContext f = u.f;
            f.conditions = 0;
            function.apply(f, u.m[a], u.se[a]);
            u.signalConditions(conditions);
            if (!f.aborted() && (f.conditions & conditions) == 0) {
                u.put(a, f.mantissa, f.signExponent);
                u.push(f.mantissa2, f.signExponent2);
            }
        }
    }
}
