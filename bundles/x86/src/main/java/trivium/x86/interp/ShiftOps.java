package trivium.x86.interp;

import static trivium.cpu.VcpuState.RCX;

import trivium.cpu.CpuModel;
import trivium.hostos.HostMemory;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand.Place;

/** Shifts and rotates, single and double. */
final class ShiftOps {
    private static final int ROL = 0,
            ROR = 1,
            RCL = 2,
            RCR = 3,
            SHL = 4,
            SHR = 5,
            SETMO = 6,
            SAR = 7;

    private ShiftOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case ROL -> shift(in, ROL);
            case ROR -> shift(in, ROR);
            case RCL -> shift(in, RCL);
            case RCR -> shift(in, RCR);
            case SHL -> shift(in, SHL);
            case SHR -> shift(in, SHR);
            case SAR -> shift(in, SAR);
            case SETMO -> shift(in, SETMO);
            case SHLD -> doubleShift(in, true);
            case SHRD -> doubleShift(in, false);
            default -> null;
        };
    }

    /** The count of an operand: by CL (-1), or as it stands. */
    private static int constantCount(Instruction in, int operand) {
        return switch (in.operand(operand).place()) {
            case IMM -> (int) in.imm & 0xff;
            case CONSTANT_ONE -> 1;
            default -> -1;
        };
    }

    private static int count(Cpu c, int constant, int bytes) {
        int count = constant < 0 ? (int) c.r[RCX] & 0xff : constant;
        return c.model == CpuModel.I8086 ? count : count & (bytes == 8 ? 63 : 31);
    }

    private static Op shift(Instruction in, int kind) {
        int bytes = in.bytes(0);
        int constant = constantCount(in, 1);
        int sh = Alu.shiftOf(bytes);
        if (!in.isRegisterForm()) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    int count = count(c, constant, bytes);
                    long host = c.rmw(seg, ea(c), bytes);
                    if (count == 0) {
                        return;
                    }
                    if (host == 0) {
                        long a = c.rmwLoad(bytes) << sh >> sh;
                        c.rmwStore(bytes, compute(c, kind, a, count, sh));
                    } else {
                        long a = HostMemory.get(host, bytes) << sh >> sh;
                        HostMemory.put(host, bytes, compute(c, kind, a, count, sh));
                    }
                }
            };
        }
        int d = in.wholeRegister(0);
        int shift = Registers.shift(in, 0);
        if (bytes == 4 && (constant & 31) != 0 && constant > 0 && kind != RCL && kind != RCR) {
            return constant32(in, kind, d, constant & 31);
        }
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                int count = count(c, constant, bytes);
                if (count != 0) {
                    long a = Registers.get(c, d, shift, sh);
                    Registers.set(c, d, shift, bytes, compute(c, kind, a, count, sh));
                } else if (bytes == 4) {
                    c.set32(d, (int) c.r[d]);
                }
            }
        };
    }

    /** Constant shifts of 32-bit registers, the common case. */
    private static Op constant32(Instruction in, int kind, int d, int n) {
        return switch (kind) {
            case SHL ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a << n;
                            flags(c, x, (a >>> 32 - n & 1) != 0, x < 0 ^ (a >>> 32 - n & 1) != 0);
                            c.set32(d, x);
                        }
                    };
            case SHR ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a >>> n;
                            flags(c, x, (a >>> n - 1 & 1) != 0, a < 0);
                            c.set32(d, x);
                        }
                    };
            case SAR ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int a = (int) c.r[d];
                            int x = a >> n;
                            flags(c, x, (a >>> n - 1 & 1) != 0, false);
                            c.set32(d, x);
                        }
                    };
            case ROL ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int x = Integer.rotateLeft((int) c.r[d], n);
                            c.setCfOf((x & 1) != 0, (x & 1) != 0 ^ x < 0);
                            c.set32(d, x);
                        }
                    };
            default ->
                    new Op(in) {
                        @Override
                        public void exec(Cpu c) {
                            int x = Integer.rotateRight((int) c.r[d], n);
                            c.setCfOf(x < 0, (x ^ x << 1) < 0);
                            c.set32(d, x);
                        }
                    };
        };
    }

    private static void flags(Cpu c, long result, boolean cf, boolean of) {
        c.flagsResult(result, cf, of);
    }

    /**
     * @param a sign-extended; count is not zero. @return the result, low bits valid
     */
    private static long compute(Cpu c, int kind, long a, int count, int sh) {
        int width = 64 - sh;
        return switch (kind) {
            case ROL -> rol(c, a, count % width, sh);
            case ROR -> ror(c, a, count % width, sh);
            case RCL -> rcl(c, a, count % (width + 1), width);
            case RCR -> rcr(c, a, count % (width + 1), width);
            case SHL -> shl(c, a, count, sh);
            case SHR -> shr(c, a << sh >>> sh, count, sh);
            case SETMO -> Alu.logic(c, -1);
            default -> sar(c, a, count);
        };
    }

    private static long rol(Cpu c, long a, int n, int sh) {
        long u = a << sh >>> sh;
        long x = (n == 0 ? u : u << n | u >>> 64 - sh - n) << sh >> sh;
        c.setCfOf((x & 1) != 0, (x & 1) != 0 ^ x < 0);
        return x;
    }

    private static long ror(Cpu c, long a, int n, int sh) {
        int width = 64 - sh;

        long u = a << sh >>> sh;
        long x = (n == 0 ? u : u >>> n | u << width - n) << sh >> sh;
        boolean top = x < 0;
        c.setCfOf(top, top ^ (x << 1 + sh) < 0);
        return x;
    }

    private static long rcl(Cpu c, long a, int n, int width) {
        long mask = width == 64 ? -1 : (1L << width) - 1;
        long x = a & mask;
        boolean cf = c.cf();
        for (int i = 0; i < n; i++) {
            boolean out = (x >>> width - 1 & 1) != 0;
            x = (x << 1 | (cf ? 1 : 0)) & mask;
            cf = out;
        }
        c.setCfOf(cf, cf ^ (x >>> width - 1 & 1) != 0);
        return x;
    }

    private static long rcr(Cpu c, long a, int n, int width) {
        long mask = width == 64 ? -1 : (1L << width) - 1;
        long x = a & mask;
        boolean cf = c.cf();
        for (int i = 0; i < n; i++) {
            boolean out = (x & 1) != 0;
            x = x >>> 1 | (cf ? 1L << width - 1 : 0);
            cf = out;
        }
        c.setCfOf(cf, (x >>> width - 1 & 1) != (x >>> width - 2 & 1));
        return x;
    }

    private static long shl(Cpu c, long a, int n, int sh) {
        int width = 64 - sh;
        long x = n >= 64 ? 0 : a << n << sh >> sh;
        boolean cf = n <= width && (a >>> width - n & 1) != 0;
        flags(c, x, cf, cf ^ x < 0);
        return x;
    }

    private static long shr(Cpu c, long u, int n, int sh) {
        long x = n >= 64 ? 0 : u >>> n;
        boolean cf = n <= 64 && (u >>> n - 1 & 1) != 0;
        flags(c, x << sh >> sh, cf, u << sh < 0 && n == 1);
        return x;
    }

    private static long sar(Cpu c, long a, int n) {
        long x = a >> Math.min(n, 63);
        flags(c, x, (a >> Math.min(n - 1, 63) & 1) != 0, false);
        return x;
    }

    private static Op doubleShift(Instruction in, boolean left) {
        int bytes = in.bytes(0);
        int constant = constantCount(in, 2);
        int s = in.reg;
        int sh = Alu.shiftOf(bytes);
        if (in.operand(0).place() == Place.RM && !in.isRegisterForm()) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    int n = count(c, constant, bytes);
                    long host = c.rmw(seg, ea(c), bytes);
                    if (n == 0) {
                        return;
                    }
                    long a = host == 0 ? c.rmwLoad(bytes) : HostMemory.get(host, bytes);
                    long x = doubleShift(c, left, a, c.r[s], n, sh);
                    if (host == 0) {
                        c.rmwStore(bytes, x);
                    } else {
                        HostMemory.put(host, bytes, x);
                    }
                }
            };
        }
        int d = in.rm;
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                int n = count(c, constant, bytes);
                if (n != 0) {
                    Registers.set(c, d, 0, bytes, doubleShift(c, left, c.r[d], c.r[s], n, sh));
                } else if (bytes == 4) {
                    c.set32(d, (int) c.r[d]);
                }
            }
        };
    }

    private static long doubleShift(Cpu c, boolean left, long a, long b, int n, int sh) {
        int width = 64 - sh;
        long ua = a << sh >>> sh;
        long ub = b << sh >>> sh;
        long x;
        boolean cf;
        if (n > width) {
            // Undefined by the manual: as if operands were a ring of both.
            x =
                    left
                            ? ub << n - width | ua >>> 2 * width - n
                            : ub >>> n - width | ua << 2 * width - n;
            cf = left ? (ub >>> 2 * width - n & 1) != 0 : (ub >>> n - width - 1 & 1) != 0;
        } else if (left) {
            x = n == width ? ub : ua << n | ub >>> width - n;
            cf = (ua >>> width - n & 1) != 0;
        } else {
            x = n == width ? ub : ua >>> n | ub << width - n;
            cf = (ua >>> n - 1 & 1) != 0;
        }
        long signed = x << sh >> sh;
        flags(c, signed, cf, (signed ^ a << sh >> sh) < 0);
        return x;
    }
}
