package trivium.x86.interp;

import trivium.hostos.HostMemory;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand.Place;

/** The two-operand ALU group and TEST in every form, INC, DEC, NEG, NOT. */
final class AluOps {
    private AluOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case ADD -> binary(in, Alu.ADD);
            case OR -> binary(in, Alu.OR);
            case ADC -> binary(in, Alu.ADC);
            case SBB -> binary(in, Alu.SBB);
            case AND -> binary(in, Alu.AND);
            case SUB -> binary(in, Alu.SUB);
            case XOR -> binary(in, Alu.XOR);
            case CMP -> binary(in, Alu.CMP);
            case TEST -> binary(in, AluOps32.TEST);
            case INC -> unary(in, Unary.INC);
            case DEC -> unary(in, Unary.DEC);
            case NEG -> unary(in, Unary.NEG);
            case NOT -> unary(in, Unary.NOT);
            default -> null;
        };
    }

    private static Op binary(Instruction in, int kind) {
        Place first = in.operand(0).place();
        Place second = in.operand(1).place();
        boolean memoryFirst = first == Place.RM && !in.isRegisterForm();
        boolean memorySecond = second == Place.RM && !in.isRegisterForm();
        int bytes = in.bytes(0);
        if (memoryFirst) {
            if (kind == Alu.CMP || kind == AluOps32.TEST) {
                return compareMemory(in, kind, bytes, second == Place.IMM);
            }
            return second == Place.IMM
                    ? memoryImmediate(in, kind, bytes)
                    : memoryRegister(in, kind, bytes);
        }
        int d = in.wholeRegister(0);
        if (bytes < 4) {
            return narrow(in, kind, bytes, memorySecond, second == Place.IMM);
        }
        if (memorySecond) {
            return bytes == 4 ? AluOps32.memoryForm(in, kind, d) : AluOps64.memoryForm(in, kind, d);
        }
        if (second == Place.IMM) {
            return bytes == 4
                    ? AluOps32.immediateForm(in, kind, d, in.imm)
                    : AluOps64.immediateForm(in, kind, d, in.imm);
        }
        int s = in.wholeRegister(1);
        return bytes == 4
                ? AluOps32.registerForm(in, kind, d, s)
                : AluOps64.registerForm(in, kind, d, s);
    }

    /** 8 and 16 bits with a register first. */
    private static Op narrow(Instruction in, int kind, int bytes, boolean memory, boolean imm) {
        int d = in.wholeRegister(0);
        int shift = Registers.shift(in, 0);
        int sh = Alu.shiftOf(bytes);
        if (memory) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    long b = c.load(seg, ea(c), bytes) << sh >> sh;
                    narrowCompute(c, kind, d, shift, bytes, b);
                }
            };
        }
        if (imm) {
            long b = in.imm << sh >> sh;
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    narrowCompute(c, kind, d, shift, bytes, b);
                }
            };
        }
        int s = in.wholeRegister(1);
        int shift2 = Registers.shift(in, 1);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                narrowCompute(c, kind, d, shift, bytes, Registers.get(c, s, shift2, sh));
            }
        };
    }

    private static void narrowCompute(Cpu c, int kind, int d, int shift, int bytes, long b) {
        int sh = Alu.shiftOf(bytes);
        long a = Registers.get(c, d, shift, sh);
        if (kind == AluOps32.TEST) {
            c.flagsLogic(a & b);
            return;
        }
        long x = Alu.compute(c, kind, a, b, sh);
        if (kind != Alu.CMP) {
            if (bytes == 1) {
                c.set8(d, shift, (int) x);
            } else {
                c.set16(d, (int) x);
            }
        }
    }

    private static Op compareMemory(Instruction in, int kind, int bytes, boolean imm) {
        int sh = Alu.shiftOf(bytes);
        if (imm) {
            long b = in.imm << sh >> sh;
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    compare(c, kind, c.load(seg, ea(c), bytes) << sh >> sh, b, sh);
                }
            };
        }
        int s = in.wholeRegister(1);
        int shift = Registers.shift(in, 1);
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long a = c.load(seg, ea(c), bytes) << sh >> sh;
                compare(c, kind, a, Registers.get(c, s, shift, sh), sh);
            }
        };
    }

    private static void compare(Cpu c, int kind, long a, long b, int sh) {
        if (kind == Alu.CMP) {
            Alu.sub(c, a, b, 0, sh);
        } else {
            c.flagsLogic(a & b);
        }
    }

    private static Op memoryRegister(Instruction in, int kind, int bytes) {
        int sh = Alu.shiftOf(bytes);
        int s = in.wholeRegister(1);
        int shift = Registers.shift(in, 1);
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                modify(
                        c,
                        c.rmw(seg, ea(c), bytes),
                        kind,
                        Registers.get(c, s, shift, sh),
                        bytes,
                        in.lock);
            }
        };
    }

    private static Op memoryImmediate(Instruction in, int kind, int bytes) {
        int sh = Alu.shiftOf(bytes);
        long b = in.imm << sh >> sh;
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                modify(c, c.rmw(seg, ea(c), bytes), kind, b, bytes, in.lock);
            }
        };
    }

    private static void modify(Cpu c, long host, int kind, long b, int bytes, boolean lock) {
        int sh = Alu.shiftOf(bytes);
        if (host == 0) {
            c.rmwStore(bytes, Alu.compute(c, kind, c.rmwLoad(bytes) << sh >> sh, b, sh));
        } else if (!lock) {
            long a = HostMemory.get(host, bytes) << sh >> sh;
            HostMemory.put(host, bytes, Alu.compute(c, kind, a, b, sh));
        } else {
            modifyLocked(c, host, kind, b, bytes);
        }
    }

    private static void modifyLocked(Cpu c, long host, int kind, long b, int bytes) {
        int sh = Alu.shiftOf(bytes);
        boolean carry = c.cf();
        while (true) {
            c.setCf(carry);
            long old = HostMemory.get(host, bytes);
            long x = Alu.compute(c, kind, old << sh >> sh, b, sh);
            if (Atomics.compareAndSet(host, bytes, old, x)) {
                return;
            }
        }
    }

    /** One-operand arithmetic; each does one width of sign-extended values. */
    private enum Unary {
        INC,
        DEC,
        NEG,
        NOT;

        long apply(Cpu c, long a, int sh) {
            return switch (this) {
                case INC -> Alu.inc(c, a, sh);
                case DEC -> Alu.dec(c, a, sh);
                case NEG -> Alu.sub(c, 0, a, 0, sh);
                case NOT -> ~a;
            };
        }
    }

    private static Op unary(Instruction in, Unary kind) {
        int bytes = in.bytes(0);
        int sh = Alu.shiftOf(bytes);
        if (in.operand(0).place() == Place.RM && !in.isRegisterForm()) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    long host = c.rmw(seg, ea(c), bytes);
                    if (host == 0) {
                        c.rmwStore(bytes, kind.apply(c, c.rmwLoad(bytes) << sh >> sh, sh));
                        return;
                    }
                    long old;
                    long x;
                    do {
                        old = HostMemory.get(host, bytes);
                        x = kind.apply(c, old << sh >> sh, sh);
                    } while (!Atomics.store(in.lock, host, bytes, old, x));
                }
            };
        }
        int d = in.wholeRegister(0);
        if (bytes == 4) {
            return unary32(in, kind, d);
        }
        int shift = Registers.shift(in, 0);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long x = kind.apply(c, Registers.get(c, d, shift, sh), sh);
                Registers.set(c, d, shift, bytes, x);
            }
        };
    }

    private static Op unary32(Instruction in, Unary kind, int d) {
        return switch (kind) {
            case INC ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int x = (int) c.r[d] + 1;
                            c.flagsKeepCf(x, x == Integer.MIN_VALUE, (x & 15) == 0);
                            c.set32(d, x);
                        }
                    };
            case DEC ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int x = (int) c.r[d] - 1;
                            c.flagsKeepCf(x, x == Integer.MAX_VALUE, (x & 15) == 15);
                            c.set32(d, x);
                        }
                    };
            case NEG ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            c.flagsSub32(0, a, -a);
                            c.set32(d, -a);
                        }
                    };
            case NOT ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.set32(d, ~(int) c.r[d]);
                        }
                    };
        };
    }
}
