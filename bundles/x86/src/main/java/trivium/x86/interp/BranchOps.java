package trivium.x86.interp;

import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand;

/** Near jumps, calls and returns, and loops. */
final class BranchOps {
    private BranchOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case JMP -> jmp(in);
            case CALL -> call(in);
            case JMP_NEAR -> in.isRegisterForm() ? jmpRegister(in) : jmpMemory(in);
            case CALL_NEAR -> in.isRegisterForm() ? callRegister(in) : callMemory(in);
            case RET -> ret(in);
            case LOOP, LOOPE, LOOPNE, JCXZ -> loop(in);
            default -> isJcc(in) ? new Jcc(in, in.opcode & 15) : null;
        };
    }

    private static boolean isJcc(Instruction in) {
        return in.row.operands().size() == 1 && in.operand(0).place() == Operand.Place.RELATIVE;
    }

    private static long target(Instruction in, Op op) {
        return op.next + in.imm & ipMask(in);
    }

    private static long ipMask(Instruction in) {
        return in.operandSize == 2 ? 0xffffL : in.operandSize == 4 ? 0xffff_ffffL : -1L;
    }

    /** A conditional jump. */
    static final class Jcc extends Op {
        final int cc;
        private final long target;

        Jcc(Instruction in, int cc) {
            super(in);
            this.cc = cc;
            target = target(in, this);
        }

        @Override
        public void exec(Cpu c) {
            boolean taken =
                    switch (cc) {
                        case 2 -> c.cf();
                        case 3 -> !c.cf();
                        case 4 -> c.zf();
                        case 5 -> !c.zf();
                        case 8 -> c.sf();
                        case 9 -> !c.sf();
                        default -> c.condition(cc);
                    };
            if (taken) {
                take(c);
            } else {
                c.rip = next;
            }
        }

        void take(Cpu c) {
            if (target > c.codeLimit) {
                throw c.gp(0);
            }
            c.rip = target;
        }
    }

    private static Op jmp(Instruction in) {
        return new Op(in) {
            private final long target = target(in, this);

            @Override
            public void exec(Cpu c) {
                c.checkTarget(target);
                c.rip = target;
            }
        };
    }

    private static Op call(Instruction in) {
        int size = in.operandSize;
        return new Op(in) {
            private final long target = target(in, this);

            @Override
            public void exec(Cpu c) {
                c.checkTarget(target);
                c.push(size, next);
                c.rip = target;
            }
        };
    }

    private static Op jmpRegister(Instruction in) {
        int s = in.rm;
        long mask = ipMask(in);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long target = c.r[s] & mask;
                c.checkTarget(target);
                c.rip = target;
            }
        };
    }

    private static Op jmpMemory(Instruction in) {
        int size = in.operandSize;
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long target = c.load(seg, ea(c), size);
                c.checkTarget(target);
                c.rip = target;
            }
        };
    }

    private static Op callRegister(Instruction in) {
        int s = in.rm;
        int size = in.operandSize;
        long mask = ipMask(in);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long target = c.r[s] & mask;
                c.checkTarget(target);
                c.push(size, next);
                c.rip = target;
            }
        };
    }

    private static Op callMemory(Instruction in) {
        int size = in.operandSize;
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long target = c.load(seg, ea(c), size);
                c.checkTarget(target);
                c.push(size, next);
                c.rip = target;
            }
        };
    }

    private static Op ret(Instruction in) {
        int size = in.operandSize;
        long release = in.row.operands().isEmpty() ? size : size + (in.imm & 0xffff);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long sp = c.r[RSP] & c.stackMask;
                long target = c.load(SS, sp, size);
                c.checkTarget(target);
                c.setSp(sp + release);
                c.rip = target;
            }
        };
    }

    private static Op loop(Instruction in) {
        long mask = in.addressSize == 2 ? 0xffffL : in.addressSize == 4 ? 0xffff_ffffL : -1L;
        int bytes = in.addressSize;
        Mnemonic m = in.mnemonic();
        return new Op(in) {
            private final long target = target(in, this);

            @Override
            public void exec(Cpu c) {
                long count = c.r[RCX] & mask;
                boolean taken;
                if (m == Mnemonic.JCXZ) {
                    taken = count == 0;
                } else {
                    count = count - 1 & mask;
                    taken = count != 0 && (m == Mnemonic.LOOP || c.zf() == (m == Mnemonic.LOOPE));
                }
                if (taken) {
                    c.checkTarget(target);
                }
                if (m != Mnemonic.JCXZ) {
                    Registers.set(c, RCX, 0, bytes, count);
                }
                c.rip = taken ? target : next;
            }
        };
    }
}
