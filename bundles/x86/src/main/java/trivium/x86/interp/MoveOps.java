package trivium.x86.interp;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RDX;

import trivium.hostos.HostMemory;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand.Place;

/** Moves, extensions, exchanges and conditional moves of general registers. */
final class MoveOps {
    private MoveOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case MOV -> mov(in);
            case MOVZX -> extend(in, false);
            case MOVSX, MOVSXD -> extend(in, true);
            case LEA -> lea(in);
            case XCHG -> xchg(in);
            case BSWAP -> bswap(in);
            case CBW -> cbw(in);
            case CWD -> cwd(in);
            case XLAT -> xlat(in);
            case NOP -> nop(in);
            default -> null;
        };
    }

    static Op nop(Instruction in) {
        return new Op(in) {
            @Override
            public void exec(Cpu c) {}
        };
    }

    /** PAUSE: somebody spins, perhaps for a vCPU that waits for this host CPU. */
    private static Op pause(Instruction in) {
        return new Op(in) {
            private int spins;

            @Override
            public void exec(Cpu c) {
                if ((++spins & 63) == 0) {
                    Thread.yield();
                } else {
                    Thread.onSpinWait();
                }
            }
        };
    }

    private static boolean isMemory(Instruction in, int i) {
        Place place = in.operand(i).place();
        return place == Place.MOFFS || place == Place.RM && !in.isRegisterForm();
    }

    private static Op mov(Instruction in) {
        int bytes = in.bytes(0);
        if (isMemory(in, 0)) {
            return in.operand(1).place() == Place.IMM
                    ? storeImmediate(in, bytes)
                    : store(in, bytes);
        }
        if (isMemory(in, 1)) {
            return load(in, bytes);
        }
        int d = in.wholeRegister(0);
        int shift = Registers.shift(in, 0);
        if (in.operand(1).place() == Place.IMM) {
            return movImmediate(in, bytes, d, shift);
        }
        int s = in.wholeRegister(1);
        int shift2 = Registers.shift(in, 1);
        return switch (bytes) {
            case 1 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.set8(d, shift, c.get8(s, shift2));
                        }
                    };
            case 2 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.set16(d, (int) c.r[s]);
                        }
                    };
            case 4 ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.set32(d, (int) c.r[s]);
                        }
                    };
            default ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.r[d] = c.r[s];
                        }
                    };
        };
    }

    private static Op movImmediate(Instruction in, int bytes, int d, int shift) {
        long imm = bytes == 4 ? in.imm & 0xffff_ffffL : in.imm;
        if (bytes >= 4) {
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    c.r[d] = imm;
                }
            };
        }
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                Registers.set(c, d, shift, bytes, imm);
            }
        };
    }

    private static Op load(Instruction in, int bytes) {
        int d = in.wholeRegister(0);
        int shift = Registers.shift(in, 0);
        return switch (bytes) {
            case 1 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.set8(d, shift, c.load8(seg, ea(c)));
                        }
                    };
            case 2 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.set16(d, c.load16(seg, ea(c)));
                        }
                    };
            case 4 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.set32(d, c.load32(seg, ea(c)));
                        }
                    };
            default ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.r[d] = c.load64(seg, ea(c));
                        }
                    };
        };
    }

    private static Op store(Instruction in, int bytes) {
        int s = in.wholeRegister(1);
        int shift = Registers.shift(in, 1);
        return switch (bytes) {
            case 1 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.store8(seg, ea(c), c.get8(s, shift));
                        }
                    };
            case 2 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.store16(seg, ea(c), (int) c.r[s]);
                        }
                    };
            case 4 ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.store32(seg, ea(c), (int) c.r[s]);
                        }
                    };
            default ->
                    new MemOp(in) {
                        @Override
                        public void exec(Cpu c) {
                            c.store64(seg, ea(c), c.r[s]);
                        }
                    };
        };
    }

    private static Op storeImmediate(Instruction in, int bytes) {
        long imm = in.imm;
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                c.store(seg, ea(c), bytes, imm);
            }
        };
    }

    private static Op extend(Instruction in, boolean signed) {
        int bytes = in.bytes(0);
        int from = in.bytes(1);
        int sh = Alu.shiftOf(from);
        int d = in.wholeRegister(0);
        if (isMemory(in, 1)) {
            if (bytes == 4) {
                return signed ? loadSigned32(in, d, sh, from) : loadZero32(in, d, from);
            }
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    long x = c.load(seg, ea(c), from);
                    Registers.set(c, d, 0, bytes, signed ? x << sh >> sh : x);
                }
            };
        }
        int s = in.wholeRegister(1);
        int shift = Registers.shift(in, 1);
        if (signed) {
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    Registers.set(c, d, 0, bytes, c.r[s] >>> shift << sh >> sh);
                }
            };
        }
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                Registers.set(c, d, 0, bytes, c.r[s] >>> shift << sh >>> sh);
            }
        };
    }

    private static Op loadZero32(Instruction in, int d, int from) {
        if (from == 1) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    c.r[d] = c.load8(seg, ea(c));
                }
            };
        }
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                c.r[d] = c.load16(seg, ea(c));
            }
        };
    }

    private static Op loadSigned32(Instruction in, int d, int sh, int from) {
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                c.set32(d, (int) (c.load(seg, ea(c), from) << sh >> sh));
            }
        };
    }

    private static Op lea(Instruction in) {
        int d = in.reg;
        int bytes = in.operandSize;
        if (bytes == 4) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    c.r[d] = ea(c) & 0xffff_ffffL;
                }
            };
        }
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                Registers.set(c, d, 0, bytes, ea(c));
            }
        };
    }

    private static Op xchg(Instruction in) {
        int bytes = in.bytes(0);
        if (isMemory(in, 0)) {
            return xchgMemory(in, bytes);
        }
        int a = in.wholeRegister(0);
        int shiftA = Registers.shift(in, 0);
        int b = in.wholeRegister(1);
        int shiftB = Registers.shift(in, 1);
        if (in.opcode == 0x90 && a == RAX) {
            return in.rep == Instruction.REP ? pause(in) : nop(in);
        }
        int sh = Alu.shiftOf(bytes);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long x = Registers.get(c, a, shiftA, sh);
                long y = Registers.get(c, b, shiftB, sh);
                Registers.set(c, a, shiftA, bytes, y);
                Registers.set(c, b, shiftB, bytes, x);
            }
        };
    }

    /** With memory XCHG is locked whether it says so or not. */
    private static Op xchgMemory(Instruction in, int bytes) {
        int s = in.wholeRegister(1);
        int shift = Registers.shift(in, 1);
        int sh = Alu.shiftOf(bytes);
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long host = c.rmw(seg, ea(c), bytes);
                long x = Registers.get(c, s, shift, sh);
                long old;
                if (host == 0) {
                    old = c.rmwLoad(bytes);
                    c.rmwStore(bytes, x);
                } else {
                    do {
                        old = HostMemory.get(host, bytes);
                    } while (!Atomics.compareAndSet(host, bytes, old, x));
                }
                Registers.set(c, s, shift, bytes, old);
            }
        };
    }

    private static Op bswap(Instruction in) {
        int d = in.wholeRegister(0);
        int bytes = in.operandSize;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                switch (bytes) {
                    // Undefined by the manual; processors clear the word.
                    case 2 -> c.set16(d, 0);
                    case 4 -> c.set32(d, Integer.reverseBytes((int) c.r[d]));
                    default -> c.r[d] = Long.reverseBytes(c.r[d]);
                }
            }
        };
    }

    private static Op cbw(Instruction in) {
        int bytes = in.operandSize;
        int sh = Alu.shiftOf(bytes / 2);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                Registers.set(c, RAX, 0, bytes, c.r[RAX] << sh >> sh);
            }
        };
    }

    private static Op cwd(Instruction in) {
        int bytes = in.operandSize;
        int sh = Alu.shiftOf(bytes);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                Registers.set(c, RDX, 0, bytes, c.r[RAX] << sh >> 63);
            }
        };
    }

    private static Op xlat(Instruction in) {
        long mask = in.addressSize == 2 ? 0xffffL : in.addressSize == 4 ? 0xffff_ffffL : -1L;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                long offset = c.r[trivium.cpu.VcpuState.RBX] + (c.r[RAX] & 0xff) & mask;
                c.set8(RAX, 0, c.load8(in.segment, offset));
            }
        };
    }
}
