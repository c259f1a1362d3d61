package trivium.x86.interp;

import trivium.cpu.VcpuState;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand;
import trivium.x86.fp.Float80;

/** Instructions that move registers about, and those that control the x87. */
final class X87Control {
    private X87Control() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case FXCH -> new Exchange(in);
            case FFREE -> waiting(in, (c, u) -> free(u, in.modRm & 7));
            case FFREEP -> waiting(in, (c, u) -> freeAndPop(u, in.modRm & 7));
            case FINCSTP -> waiting(in, (c, u) -> u.rotate(1));
            case FDECSTP -> waiting(in, (c, u) -> u.rotate(-1));
            case FCMOVB, FCMOVE, FCMOVBE, FCMOVU, FCMOVNB, FCMOVNE, FCMOVNBE, FCMOVNU ->
                    new ConditionalMove(in);
            case FNOP -> waiting(in, (c, u) -> {});
            case FNENI, FNDISI, FNSETPM -> unwaiting(in, (c, u) -> {});
            case FNCLEX -> unwaiting(in, (c, u) -> u.clearExceptions());
            case FNINIT -> unwaiting(in, (c, u) -> u.init());
            case FWAIT -> fwait(in);
            case FLDCW -> new LoadControl(in);
            case FNSTCW -> new StoreWord(in, false);
            case FNSTSW ->
                    in.operand(0) == Operand.AX ? new StatusToAx(in) : new StoreWord(in, true);
            default -> null;
        };
    }

    private interface Action {
        void run(Cpu c, X87Unit u);
    }

    /** These, too, are what FIP points to afterwards. */
    private static Op waiting(Instruction in, Action action) {
        return new X87Op(in) {
            @Override
            public void exec(Cpu c) {
                X87Unit u = start(c);
                action.run(c, u);
            }
        };
    }

    private static Op unwaiting(Instruction in, Action action) {
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                c.x87.checkAvailable();
                action.run(c, c.x87);
            }
        };
    }

    private static Op fwait(Instruction in) {
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                c.x87.await();
            }
        };
    }

    private static final class Exchange extends X87Op {
        private final int i;

        Exchange(Instruction in) {
            super(in);
            i = in.modRm & 7;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0), b = u.physical(i);
            if (u.isEmpty(a) || u.isEmpty(b)) {
                if (!u.stackFault(false)) {
                    return;
                }
                fill(u, a);
                fill(u, b);
            } else {
                u.clearC1();
            }
            long m = u.m[a];
            int se = u.se[a];
            u.m[a] = u.m[b];
            u.se[a] = u.se[b];
            u.m[b] = m;
            u.se[b] = se;
        }

        private static void fill(X87Unit u, int physical) {
            if (u.isEmpty(physical)) {
                u.put(physical, Float80.QUIET_NAN, Float80.INDEFINITE_SE);
            }
        }
    }

    private static final class StatusToAx extends Op {
        StatusToAx(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            c.x87.checkAvailable();
            c.set16(VcpuState.RAX, c.s.fsw);
        }
    }

    private static void free(X87Unit u, int i) {
        u.clearC1();
        u.free(u.physical(i));
    }

    private static void freeAndPop(X87Unit u, int i) {
        free(u, i);
        u.pop();
    }

    private static final class ConditionalMove extends X87Op {
        // B, Z, BE, P as in the low bits of Jcc
        private static final int[] CONDITION = {2, 4, 6, 10};
        private final int condition, i;

        ConditionalMove(Instruction in) {
            super(in);
            int negated = in.opcode == 0xdb ? 1 : 0;
            condition = CONDITION[in.modRm >>> 3 & 3] | negated;
            i = in.modRm & 7;
        }

        @Override
        public void exec(Cpu c) {
            X87Unit u = start(c);
            int a = u.physical(0), b = u.physical(i);
            if (u.isEmpty(a) || u.isEmpty(b)) {
                u.underflow(a, false);
            } else if (c.condition(condition)) {
                u.put(a, u.m[b], u.se[b]);
            }
        }
    }

    private static final class LoadControl extends MemOp {
        LoadControl(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            c.x87.begin();
            c.x87.setControl(c.load16(seg, ea(c)));
        }
    }

    private static final class StoreWord extends MemOp {
        private final boolean status;

        StoreWord(Instruction in, boolean status) {
            super(in);
            this.status = status;
        }

        @Override
        public void exec(Cpu c) {
            c.x87.checkAvailable();
            c.store16(seg, ea(c), status ? c.s.fsw : c.s.fcw);
        }
    }
}
