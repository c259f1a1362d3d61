package trivium.x86.interp;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDX;

import trivium.hostos.HostMemory;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand.Place;

/** Bit tests and scans, CMPXCHG, XADD, POPCNT. */
final class BitOps {
    private static final int BT = 0, BTS = 1, BTR = 2, BTC = 3;

    private BitOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case BT -> bitTest(in, BT);
            case BTS -> bitTest(in, BTS);
            case BTR -> bitTest(in, BTR);
            case BTC -> bitTest(in, BTC);
            case BSF, BSR, POPCNT -> scan(in);
            case CMPXCHG -> cmpxchg(in);
            case CMPXCHG8B -> in.operandSize == 8 ? cmpxchg16b(in) : cmpxchg8b(in);
            case XADD -> xadd(in);
            default -> null;
        };
    }

    private static long change(int kind, long a, long bit) {
        return switch (kind) {
            case BTS -> a | bit;
            case BTR -> a & ~bit;
            case BTC -> a ^ bit;
            default -> a;
        };
    }

    private static Op bitTest(Instruction in, int kind) {
        int bytes = in.operandSize;
        int mask = 8 * bytes - 1;
        boolean immediate = in.operand(1).place() == Place.IMM;
        int s = in.reg;
        if (in.isRegisterForm()) {
            int d = in.rm;
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    long bit = 1L << ((immediate ? in.imm : c.r[s]) & mask);
                    c.setCf((c.r[d] & bit) != 0);
                    if (kind != BT) {
                        Registers.set(c, d, 0, bytes, change(kind, c.r[d], bit));
                    }
                }
            };
        }
        int sh = Alu.shiftOf(bytes);
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                // A register's bit offset reaches beyond the operand, signed.
                long offset = immediate ? in.imm & mask : c.r[s] << sh >> sh;
                long address = ea(c, (offset >> (bytes == 8 ? 6 : bytes == 4 ? 5 : 4)) * bytes);
                long bit = 1L << (offset & mask);
                if (kind == BT) {
                    c.setCf((c.load(seg, address, bytes) & bit) != 0);
                    return;
                }
                long host = c.rmw(seg, address, bytes);
                long old;
                if (host == 0) {
                    old = c.rmwLoad(bytes);
                    c.rmwStore(bytes, change(kind, old, bit));
                } else {
                    do {
                        old = HostMemory.get(host, bytes);
                    } while (!Atomics.store(in.lock, host, bytes, old, change(kind, old, bit)));
                }
                c.setCf((old & bit) != 0);
            }
        };
    }

    private static Op scan(Instruction in) {
        int bytes = in.operandSize;
        int d = in.reg;
        Mnemonic m = in.mnemonic();
        if (!in.isRegisterForm()) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    scan(c, m, d, c.load(seg, ea(c), bytes), bytes);
                }
            };
        }
        int s = in.rm;
        int sh = Alu.shiftOf(bytes);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                scan(c, m, d, c.r[s] << sh >>> sh, bytes);
            }
        };
    }

    private static void scan(Cpu c, Mnemonic m, int d, long a, int bytes) {
        if (m == Mnemonic.POPCNT) {
            c.setStatusFlags(a == 0 ? Flags.ZF : 0);
            Registers.set(c, d, 0, bytes, Long.bitCount(a));
            return;
        }
        // With a zero source processors leave the destination alone, upper half included.
        c.flagsResult(a == 0 ? 0 : 1, false, false);
        if (a != 0) {
            int bit =
                    m == Mnemonic.BSF
                            ? Long.numberOfTrailingZeros(a)
                            : 63 - Long.numberOfLeadingZeros(a);
            Registers.set(c, d, 0, bytes, bit);
        }
    }

    private static Op cmpxchg(Instruction in) {
        int bytes = in.bytes(0);
        int s = in.wholeRegister(1);
        int shift = Registers.shift(in, 1);
        int sh = Alu.shiftOf(bytes);
        if (in.isRegisterForm()) {
            int d = in.wholeRegister(0);
            int shiftD = Registers.shift(in, 0);
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    long a = c.r[RAX] << sh >> sh;
                    long old = Registers.get(c, d, shiftD, sh);
                    Alu.sub(c, a, old, 0, sh);
                    if (a == old) {
                        Registers.set(c, d, shiftD, bytes, Registers.get(c, s, shift, sh));
                    } else {
                        Registers.set(c, RAX, 0, bytes, old);
                    }
                }
            };
        }
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long host = c.rmw(seg, ea(c), bytes);
                long a = c.r[RAX] << sh >> sh;
                long x = Registers.get(c, s, shift, sh);
                long old;
                if (host == 0) {
                    old = c.rmwLoad(bytes) << sh >> sh;
                    c.rmwStore(bytes, a == old ? x : old);
                } else {
                    long was;
                    do {
                        was = HostMemory.get(host, bytes);
                        old = was << sh >> sh;
                    } while (!Atomics.store(in.lock, host, bytes, was, a == old ? x : was));
                }
                Alu.sub(c, a, old, 0, sh);
                if (a != old) {
                    Registers.set(c, RAX, 0, bytes, old);
                }
            }
        };
    }

    private static Op cmpxchg8b(Instruction in) {
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long host = c.rmw(seg, ea(c), 8);
                long expected = c.r[RDX] << 32 | c.r[RAX] & 0xffff_ffffL;
                long replacement = c.r[RCX] << 32 | c.r[RBX] & 0xffff_ffffL;
                long old;
                if (host == 0) {
                    old = c.rmwLoad(8);
                    c.rmwStore(8, old == expected ? replacement : old);
                } else {
                    do {
                        old = HostMemory.getLong(host);
                    } while (!Atomics.store(
                            in.lock, host, 8, old, old == expected ? replacement : old));
                }
                setZf(c, old == expected);
                if (old != expected) {
                    c.set32(RAX, (int) old);
                    c.set32(RDX, (int) (old >>> 32));
                }
            }
        };
    }

    /** Not atomic against other vCPUs beyond its two halves: taken under one lock of the engine. */
    private static Op cmpxchg16b(Instruction in) {
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long address = ea(c);
                if ((c.base[seg] + address & 15) != 0) {
                    throw c.gp(0);
                }
                synchronized (c.memory) {
                    c.checkWrite(seg, address, 16);
                    long low = c.load128(seg, address);
                    long high = c.high;
                    boolean equal = low == c.r[RAX] && high == c.r[RDX];
                    c.store128(seg, address, equal ? c.r[RBX] : low, equal ? c.r[RCX] : high);
                    setZf(c, equal);
                    if (!equal) {
                        c.r[RAX] = low;
                        c.r[RDX] = high;
                    }
                }
            }
        };
    }

    private static void setZf(Cpu c, boolean zf) {
        c.setStatusFlags(c.statusFlags() & ~Flags.ZF | (zf ? Flags.ZF : 0));
    }

    private static Op xadd(Instruction in) {
        int bytes = in.bytes(0);
        int s = in.wholeRegister(1);
        int shift = Registers.shift(in, 1);
        int sh = Alu.shiftOf(bytes);
        if (in.isRegisterForm()) {
            int d = in.wholeRegister(0);
            int shiftD = Registers.shift(in, 0);
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    long a = Registers.get(c, d, shiftD, sh);
                    long x = Alu.add(c, a, Registers.get(c, s, shift, sh), 0, sh);
                    Registers.set(c, s, shift, bytes, a);
                    Registers.set(c, d, shiftD, bytes, x);
                }
            };
        }
        return new MemOp(in) {
            @Override
            public void exec(Cpu c) {
                long host = c.rmw(seg, ea(c), bytes);
                long b = Registers.get(c, s, shift, sh);
                long old;
                if (host == 0) {
                    old = c.rmwLoad(bytes) << sh >> sh;
                    c.rmwStore(bytes, Alu.add(c, old, b, 0, sh));
                } else {
                    long was;
                    do {
                        was = HostMemory.get(host, bytes);
                        old = was << sh >> sh;
                    } while (!Atomics.store(in.lock, host, bytes, was, Alu.add(c, old, b, 0, sh)));
                }
                Registers.set(c, s, shift, bytes, old);
            }
        };
    }
}
