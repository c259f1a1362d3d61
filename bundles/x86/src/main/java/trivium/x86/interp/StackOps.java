package trivium.x86.interp;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.RBP;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;

import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand;
import trivium.x86.decode.Operand.Place;

/** PUSH, POP and their families, ENTER, LEAVE, and moves of segment registers. */
final class StackOps {
    private StackOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case PUSH -> push(in);
            case POP -> pop(in);
            case PUSHA -> pusha(in);
            case POPA -> popa(in);
            case PUSHF -> pushf(in);
            case POPF -> popf(in);
            case ENTER -> enter(in);
            case LEAVE -> leave(in);
            case MOV_FROM_SREG -> movFromSegment(in);
            case MOV_TO_SREG -> movToSegment(in);
            case LES -> loadFar(in, VcpuState.ES);
            case LDS -> loadFar(in, VcpuState.DS);
            case LSS -> loadFar(in, SS);
            case LFS -> loadFar(in, VcpuState.FS);
            case LGS -> loadFar(in, VcpuState.GS);
            default -> null;
        };
    }

    private static Op push(Instruction in) {
        int size = in.operandSize;
        return switch (in.operand(0).place()) {
            case IMM ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.push(size, in.imm);
                        }
                    };
            case FIXED_SEGMENT -> pushSegment(in, fixed(in.operand(0)));
            case RM -> in.isRegisterForm() ? pushRegister(in, in.rm) : pushMemory(in);
            default -> pushRegister(in, in.wholeRegister(0));
        };
    }

    private static int fixed(Operand operand) {
        return operand.ordinal() - Operand.ES.ordinal();
    }

    private static Op pushRegister(Instruction in, int s) {
        int size = in.operandSize;
        if (s == RSP) {
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    // The 8086 pushes SP as it is after the push.
                    long value = c.model == CpuModel.I8086 ? c.r[RSP] - 2 : c.r[RSP];
                    c.push(size, value);
                }
            };
        }
        if (size == 4) {
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    long sp = c.r[RSP] - 4 & c.stackMask;
                    c.store32(SS, sp, (int) c.r[s]);
                    c.setSp(sp);
                }
            };
        }
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                c.push(size, c.r[s]);
            }
        };
    }

    private static Op pushMemory(Instruction in) {
        int size = in.operandSize;
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                c.push(size, c.load(seg, ea(c), size));
            }
        };
    }

    /** With a 32-bit stack slot processors store the word and leave the rest of the slot alone. */
    private static Op pushSegment(Instruction in, int segment) {
        int size = in.operandSize;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                int selector = c.s.segments[segment].selector;
                if (size == 8) {
                    c.push(8, selector);
                    return;
                }
                long sp = c.r[RSP] - size & c.stackMask;
                c.store16(SS, sp, selector);
                c.setSp(sp);
            }
        };
    }

    private static Op pop(Instruction in) {
        int size = in.operandSize;
        if (in.operand(0).place() == Place.FIXED_SEGMENT) {
            return popSegment(in, fixed(in.operand(0)));
        }
        if (in.operand(0).place() == Place.RM && !in.isRegisterForm()) {
            return popMemory(in, size);
        }
        int d = in.operand(0).place() == Place.RM ? in.rm : in.wholeRegister(0);
        if (size == 4) {
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    long sp = c.r[RSP] & c.stackMask;
                    int x = c.load32(SS, sp);
                    c.setSp(sp + 4);
                    c.set32(d, x);
                }
            };
        }
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long x = c.pop(size);
                Registers.set(c, d, 0, size, x);
            }
        };
    }

    /** The address is computed with the stack pointer already moved. */
    private static Op popMemory(Instruction in, int size) {
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long before = c.r[RSP];
                long x = c.pop(size);
                try {
                    c.store(seg, ea(c), size, x);
                } catch (GuestException e) {
                    // The 80286 keeps what was popped off.
                    if (c.model != CpuModel.I80286) {
                        c.r[RSP] = before;
                    }
                    throw e;
                }
            }
        };
    }

    private static Op popSegment(Instruction in, int segment) {
        int size = in.operandSize;
        boolean endsBlock = in.row.is(trivium.x86.decode.Row.Attribute.ENDS_BLOCK);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long sp = c.r[RSP] & c.stackMask;
                int selector = c.load16(SS, sp);
                long after = c.stackMask;
                loadSegment(c, segment, selector);
                // POP SS: the stack pointer moves by the width of the stack it was popped from.
                long mask = segment == SS ? after : c.stackMask;
                c.r[RSP] =
                        mask == 0xffffL
                                ? c.r[RSP] & ~0xffffL | sp + size & 0xffff
                                : sp + size & mask;
                if (endsBlock) {
                    c.rip = next;
                }
            }
        };
    }

    /** Loads a segment register; SS holds interrupts off for one instruction. */
    private static void loadSegment(Cpu c, int segment, int selector) {
        c.system.loadSegment(segment, selector);
        if (segment == SS) {
            c.s.interruptShadow = VcpuState.SHADOW_MOV_SS;
            c.attention |= Cpu.SHADOW;
        }
    }

    private static Op movToSegment(Instruction in) {
        int segment = in.modRm >>> 3 & 7;
        Op invalid = OpBuilder.undefined(in);
        if (in.isRegisterForm()) {
            int s = in.rm;
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    moveTo(c, invalid, segment, (int) c.r[s] & 0xffff);
                    c.rip = next;
                }
            };
        }
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                if (isInvalid(c, segment)) {
                    throw c.ud();
                }
                moveTo(c, invalid, segment, c.load16(seg, ea(c)));
                c.rip = next;
            }
        };
    }

    private static boolean isInvalid(Cpu c, int segment) {
        return c.model != CpuModel.I8086
                && (segment == CS
                        || segment
                                > (c.model.atLeast(CpuModel.I386) ? VcpuState.GS : VcpuState.DS));
    }

    private static void moveTo(Cpu c, Op invalid, int segment, int selector) {
        if (isInvalid(c, segment)) {
            invalid.exec(c);
        }
        loadSegment(c, c.model == CpuModel.I8086 ? segment & 3 : segment, selector);
    }

    private static Op movFromSegment(Instruction in) {
        int segment = in.modRm >>> 3 & 7;
        int size = in.operandSize;
        if (in.isRegisterForm()) {
            int d = in.rm;
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    Registers.set(c, d, 0, size, selector(c, segment));
                }
            };
        }
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                c.store16(seg, ea(c), selector(c, segment));
            }
        };
    }

    private static int selector(Cpu c, int segment) {
        if (c.model == CpuModel.I8086) {
            return c.s.segments[segment & 3].selector;
        }
        if (segment > (c.model.atLeast(CpuModel.I386) ? VcpuState.GS : VcpuState.DS)) {
            throw c.ud();
        }
        return c.s.segments[segment].selector;
    }

    private static Op loadFar(Instruction in, int segment) {
        int d = in.reg;
        int size = in.operandSize;
        boolean endsBlock = in.row.is(trivium.x86.decode.Row.Attribute.ENDS_BLOCK);
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long offset = c.load(seg, ea(c), size);
                int selector = c.load16(seg, ea(c, size));
                c.system.loadSegment(segment, selector);
                Registers.set(c, d, 0, size, offset);
                if (endsBlock) {
                    c.rip = next;
                }
            }
        };
    }

    private static Op pusha(Instruction in) {
        int size = in.operandSize;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long sp = c.r[RSP];
                for (int i = 0; i < 8; i++) {
                    c.checkWrite(SS, sp - size * (i + 1L) & c.stackMask, size);
                }
                for (int i = 0; i < 8; i++) {
                    c.store(SS, sp - size * (i + 1L) & c.stackMask, size, c.r[i]);
                }
                c.setSp(sp - 8L * size & c.stackMask);
            }
        };
    }

    private static Op popa(Instruction in) {
        int size = in.operandSize;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long sp = c.r[RSP];
                // Read it all before anything changes.
                for (int i = 0; i < 8; i++) {
                    c.load(SS, sp + size * (long) i & c.stackMask, size);
                }
                for (int i = 0; i < 8; i++) {
                    if (7 - i != RSP) {
                        long x = c.load(SS, sp + size * (long) i & c.stackMask, size);
                        Registers.set(c, 7 - i, 0, size, x);
                    }
                }
                c.setSp(sp + 8L * size & c.stackMask);
            }
        };
    }

    private static Op pushf(Instruction in) {
        int size = in.operandSize;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                c.push(size, c.system.flagsImage(size));
            }
        };
    }

    private static Op popf(Instruction in) {
        int size = in.operandSize;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long value = c.peek(size);
                c.system.popFlags(value, size);
                c.setSp((c.r[RSP] & c.stackMask) + size);
                c.rip = next;
            }
        };
    }

    private static Op enter(Instruction in) {
        int size = in.operandSize;
        int locals = (int) in.imm & 0xffff;
        int level = (int) in.imm2 & 31;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long sp = c.r[RSP] - size & c.stackMask;
                long frame = sp;
                c.store(SS, sp, size, c.r[RBP]);
                long bp = c.r[RBP];
                for (int i = 1; i < level; i++) {
                    bp = bp - size & c.stackMask;
                    sp = sp - size & c.stackMask;
                    c.store(SS, sp, size, c.load(SS, bp, size));
                }
                if (level > 0) {
                    sp = sp - size & c.stackMask;
                    c.store(SS, sp, size, frame);
                }
                sp = sp - locals & c.stackMask;
                // A write to the last slot must be possible (SDM Vol. 2A "ENTER").
                c.checkWrite(SS, sp, size);
                setFrame(c, size, frame);
                c.setSp(sp);
            }
        };
    }

    private static void setFrame(Cpu c, int size, long frame) {
        long value = c.stackMask == 0xffffL ? c.r[RBP] & ~0xffffL | frame : frame;
        Registers.set(c, RBP, 0, size, value);
    }

    private static Op leave(Instruction in) {
        int size = in.operandSize;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long sp = c.r[RBP] & c.stackMask;
                long x = c.load(SS, sp, size);
                c.setSp(sp + size & c.stackMask);
                Registers.set(c, RBP, 0, size, x);
            }
        };
    }
}
