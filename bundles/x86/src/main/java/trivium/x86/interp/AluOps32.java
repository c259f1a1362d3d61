package trivium.x86.interp;

import trivium.x86.decode.Instruction;

/**
 * ADD, OR, ADC, SBB, AND, SUB, XOR, CMP (kinds 0 to 7) and TEST (8) of 32 bits with a register as
 * first operand: one class each, since these are most of what guests execute.
 */
final class AluOps32 {
    static final int TEST = 8;

    private AluOps32() {}

    static Op registerForm(Instruction in, int kind, int d, int s) {
        if (kind == Alu.CMP || kind == TEST) {
            return new CompareOps.Rr32(in, d, s, kind == TEST);
        }
        return rr(in, kind, d, s);
    }

    static Op immediateForm(Instruction in, int kind, int d, long immediate) {
        if (kind == Alu.CMP || kind == TEST) {
            return new CompareOps.Ri32(in, d, (int) immediate, kind == TEST);
        }
        return ri(in, kind, d, (int) immediate);
    }

    static Op memoryForm(Instruction in, int kind, int d) {
        return rm(in, kind, d);
    }

    private static Op rr(Instruction in, int kind, int d, int s) {
        return switch (kind) {
            case 0 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = (int) c.r[s];
                            int x = a + b;
                            c.flagsAdd32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 1 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = (int) c.r[s];
                            int x = a | b;
                            c.flagsLogic(x);
                            c.set32(d, x);
                        }
                    };
            case 2 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = (int) c.r[s];
                            int x = a + b + (c.cf() ? 1 : 0);
                            c.flagsAdd32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 3 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = (int) c.r[s];
                            int x = a - b - (c.cf() ? 1 : 0);
                            c.flagsSub32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 4 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = (int) c.r[s];
                            int x = a & b;
                            c.flagsLogic(x);
                            c.set32(d, x);
                        }
                    };
            case 5 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = (int) c.r[s];
                            int x = a - b;
                            c.flagsSub32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 6 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = (int) c.r[s];
                            int x = a ^ b;
                            c.flagsLogic(x);
                            c.set32(d, x);
                        }
                    };
            default -> throw new AssertionError(kind);
        };
    }

    private static Op ri(Instruction in, int kind, int d, int b) {
        return switch (kind) {
            case 0 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a + b;
                            c.flagsAdd32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 1 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a | b;
                            c.flagsLogic(x);
                            c.set32(d, x);
                        }
                    };
            case 2 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a + b + (c.cf() ? 1 : 0);
                            c.flagsAdd32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 3 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a - b - (c.cf() ? 1 : 0);
                            c.flagsSub32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 4 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a & b;
                            c.flagsLogic(x);
                            c.set32(d, x);
                        }
                    };
            case 5 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a - b;
                            c.flagsSub32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 6 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a ^ b;
                            c.flagsLogic(x);
                            c.set32(d, x);
                        }
                    };
            default -> throw new AssertionError(kind);
        };
    }

    private static Op rm(Instruction in, int kind, int d) {
        return switch (kind) {
            case 0 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = c.load32(seg, ea(c));
                            int x = a + b;
                            c.flagsAdd32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 1 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = c.load32(seg, ea(c));
                            int x = a | b;
                            c.flagsLogic(x);
                            c.set32(d, x);
                        }
                    };
            case 2 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = c.load32(seg, ea(c));
                            int x = a + b + (c.cf() ? 1 : 0);
                            c.flagsAdd32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 3 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = c.load32(seg, ea(c));
                            int x = a - b - (c.cf() ? 1 : 0);
                            c.flagsSub32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 4 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = c.load32(seg, ea(c));
                            int x = a & b;
                            c.flagsLogic(x);
                            c.set32(d, x);
                        }
                    };
            case 5 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = c.load32(seg, ea(c));
                            int x = a - b;
                            c.flagsSub32(a, b, x);
                            c.set32(d, x);
                        }
                    };
            case 6 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = c.load32(seg, ea(c));
                            int x = a ^ b;
                            c.flagsLogic(x);
                            c.set32(d, x);
                        }
                    };
            case 7 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = c.load32(seg, ea(c));
                            int x = a - b;
                            c.flagsSub32(a, b, x);
                        }
                    };
            default ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int b = c.load32(seg, ea(c));
                            c.flagsLogic(a & b);
                        }
                    };
        };
    }
}
