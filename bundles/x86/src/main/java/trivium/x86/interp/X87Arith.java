package trivium.x86.interp;

import static trivium.x86.fp.FpuContext.C0;
import static trivium.x86.fp.FpuContext.C2;
import static trivium.x86.fp.FpuContext.C3;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand;
import trivium.x86.fp.Arith80;
import trivium.x86.fp.Compare80;
import trivium.x86.fp.Convert80;
import trivium.x86.fp.FpuContext;

/** FADD to FDIVR and the comparisons, with registers, floats, doubles and integers. */
final class X87Arith {
    private static final int CONDITIONS = C0 | C2 | C3;

    /** Operations: the /n of D8. FSUB is ST0 - x, FSUBR x - ST0, whatever the destination. */
    private static final int MUL = 1, COM = 2, COMP = 3, SUB = 4, SUBR = 5, DIV = 6;

    private X87Arith() {}

    static Op build(Instruction in) {
        int n = in.modRm >>> 3 & 7;
        return switch (in.mnemonic()) {
            case FADD, FMUL, FSUB, FSUBR, FDIV, FDIVR, FADDP, FMULP, FSUBP, FSUBRP, FDIVP, FDIVRP ->
                    in.isRegisterForm() ? new Registers(in, n) : memory(in, n);
            case FIADD, FIMUL, FISUB, FISUBR, FIDIV, FIDIVR -> memory(in, n);
            case FCOM -> in.isRegisterForm() ? compare(in, false, 0) : memory(in, COM);
            case FCOMP -> in.isRegisterForm() ? compare(in, false, 1) : memory(in, COMP);
            case FICOM -> memory(in, COM);
            case FICOMP -> memory(in, COMP);
            case FCOMPP -> compare(in, false, 2);
            case FUCOM -> compare(in, true, 0);
            case FUCOMP -> compare(in, true, 1);
            case FUCOMPP -> compare(in, true, 2);
            case FCOMI -> new CompareToFlags(in, false, false);
            case FCOMIP -> new CompareToFlags(in, false, true);
            case FUCOMI -> new CompareToFlags(in, true, false);
            case FUCOMIP -> new CompareToFlags(in, true, true);
            default -> null;
        };
    }

    private static Op compare(Instruction in, boolean unordered, int pops) {
        return new Compare(in, unordered, pops);
    }

    private static Op memory(Instruction in, int n) {
        boolean integer = (in.opcode & 2) != 0;
        Operand operand = in.operand(1);
        if (integer) {
            return operand == Operand.Mw ? new Int16(in, n) : new Int32(in, n);
        }
        return operand == Operand.Md ? new Float32(in, n) : new Float64(in, n);
    }

    private static void compute(FpuContext f, int n, long am, int as, long bm, int bs) {
        switch (n) {
            case 0 -> Arith80.add(f, am, as, bm, bs);
            case MUL -> Arith80.mul(f, am, as, bm, bs);
            case SUB -> Arith80.sub(f, am, as, bm, bs);
            case SUBR -> Arith80.sub(f, bm, bs, am, as);
            case DIV -> Arith80.div(f, am, as, bm, bs);
            default -> Arith80.div(f, bm, bs, am, as);
        }
    }

    private static final class Registers extends X87Op {
        private final int operation, i;
        private final boolean toTop, pop;

        Registers(Instruction in, int operation) {
            super(in);
            this.operation = operation;
            i = in.modRm & 7;
            toTop = in.opcode == 0xd8;
            pop = in.opcode == 0xde;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0), b = u.physical(i), destination = toTop ? a : b;
            if (u.isEmpty(a) || u.isEmpty(b)) {
                u.underflow(destination, pop);
                return;
            }
            compute(u.f, operation, u.m[a], u.se[a], u.m[b], u.se[b]);
            u.finish(destination, pop);
        }
    }

    /** An operation of ST0 with a memory operand, which the subclass reads. */
    private abstract static class Memory extends X87MemOp {
        private final int operation;

        Memory(Instruction in, int operation) {
            super(in);
            this.operation = operation;
        }

        final void apply(X87Unit u) {
            int a = u.physical(0);
            if (operation == COM || operation == COMP) {
                compare(u, a);
            } else if (u.isEmpty(a)) {
                u.underflow(a, false);
            } else {
                FpuContext f = u.f;
                compute(f, operation, u.m[a], u.se[a], f.mantissa, f.signExponent);
                u.finish(a, false);
            }
        }

        private void compare(X87Unit u, int a) {
            boolean done;
            if (u.isEmpty(a)) {
                done = unordered(u);
            } else {
                FpuContext f = u.f;
                Compare80.compare(f, u.m[a], u.se[a], f.mantissa, f.signExponent, false);
                u.signalConditions(CONDITIONS);
                done = !f.aborted();
            }
            if (done && operation == COMP) {
                u.pop();
            }
        }
    }

    /** Stack underflow in a comparison. @return whether it is masked */
    private static boolean unordered(X87Unit u) {
        u.signal(CONDITIONS, CONDITIONS);
        return u.stackFault(false);
    }

    private static final class Float32 extends Memory {
        Float32(Instruction in, int operation) {
            super(in, operation);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            long offset = ea(c);
            Convert80.fromFloat(u.f, c.load32(seg, offset));
            note(u, offset);
            apply(u);
        }
    }

    private static final class Float64 extends Memory {
        Float64(Instruction in, int operation) {
            super(in, operation);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            long offset = ea(c);
            Convert80.fromDouble(u.f, c.load64(seg, offset));
            note(u, offset);
            apply(u);
        }
    }

    private static final class Int16 extends Memory {
        Int16(Instruction in, int operation) {
            super(in, operation);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            long offset = ea(c);
            Convert80.fromInteger(u.f, (short) c.load16(seg, offset));
            note(u, offset);
            apply(u);
        }
    }

    private static final class Int32 extends Memory {
        Int32(Instruction in, int operation) {
            super(in, operation);
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = c.x87;
            u.begin();
            long offset = ea(c);
            Convert80.fromInteger(u.f, c.load32(seg, offset));
            note(u, offset);
            apply(u);
        }
    }

    private static final class Compare extends X87Op {
        private final boolean unordered;
        private final int pops, i;

        Compare(Instruction in, boolean unordered, int pops) {
            super(in);
            this.unordered = unordered;
            this.pops = pops;
            i = in.modRm & 7;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0), b = u.physical(i);
            boolean done;
            if (u.isEmpty(a) || u.isEmpty(b)) {
                done = unordered(u);
            } else {
                Compare80.compare(u.f, u.m[a], u.se[a], u.m[b], u.se[b], unordered);
                u.signalConditions(CONDITIONS);
                done = !u.f.aborted();
            }
            for (int n = 0; done && n < pops; n++) {
                u.pop();
            }
        }
    }

    /**
     * FCOMI and relatives: ZF, PF, CF; the flags change even if the exception is unmasked. C1 stays
     * as it is unless the stack underflows.
     */
    private static final class CompareToFlags extends X87Op {
        private final boolean unordered, pop;
        private final int i;

        CompareToFlags(Instruction in, boolean unordered, boolean pop) {
            super(in);
            this.unordered = unordered;
            this.pop = pop;
            i = in.modRm & 7;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0), b = u.physical(i);
            boolean done;
            if (u.isEmpty(a) || u.isEmpty(b)) {
                u.f.conditions = Compare80.UNORDERED;
                done = u.stackFault(false);
            } else {
                Compare80.compare(u.f, u.m[a], u.se[a], u.m[b], u.se[b], unordered);
                u.signal(0, u.f.flags);
                done = !u.f.aborted();
            }
            int cc = u.f.conditions;
            c.setStatusFlags(
                    ((cc & C3) != 0 ? Flags.ZF : 0)
                            | ((cc & C2) != 0 ? Flags.PF : 0)
                            | ((cc & C0) != 0 ? Flags.CF : 0));
            if (done && pop) {
                u.pop();
            }
        }
    }
}
