package trivium.x86.interp;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RDX;

import trivium.cpu.CpuModel;
import trivium.x86.decode.Instruction;

/** MUL, IMUL, DIV, IDIV. */
final class MultiplyOps {
    private MultiplyOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case MUL -> oneOperand(in, in.rep == 0 ? MultiplyOps::mul : MultiplyOps::repeatedMul);
            case IMUL ->
                    in.row.operands().size() == 1
                            ? oneOperand(
                                    in, in.rep == 0 ? MultiplyOps::imul : MultiplyOps::repeatedImul)
                            : imulRegister(in);
            case DIV -> oneOperand(in, MultiplyOps::div);
            case IDIV ->
                    oneOperand(in, in.rep == 0 ? MultiplyOps::idiv : MultiplyOps::repeatedIdiv);
            default -> null;
        };
    }

    /** What a one-operand instruction does with its operand, zero-extended, of {@code bytes}. */
    @FunctionalInterface
    private interface Action {
        void apply(Cpu c, long operand, int bytes);
    }

    private static Op oneOperand(Instruction in, Action action) {
        int bytes = in.bytes(0);
        if (!in.isRegisterForm()) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    action.apply(c, c.load(seg, ea(c), bytes), bytes);
                }
            };
        }
        int s = in.wholeRegister(0);
        int shift = Registers.shift(in, 0);
        int sh = Alu.shiftOf(bytes);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                action.apply(c, c.r[s] >>> shift << sh >>> sh, bytes);
            }
        };
    }

    // On the 8086 a REP prefix sets the very flag of the microcode that holds the sign of the
    // result:
    // products and the quotient of IDIV come out negated. Later processors ignore it.

    private static void repeatedMul(Cpu c, long b, int bytes) {
        if (c.model != CpuModel.I8086) {
            mul(c, b, bytes);
            return;
        }
        int sh = Alu.shiftOf(bytes);
        long product = -((c.r[RAX] << sh >>> sh) * b) & (1L << 16 * bytes) - 1;
        long high = product >>> 8 * bytes;
        setProduct(c, product, high, bytes, high != 0);
    }

    private static void repeatedImul(Cpu c, long operand, int bytes) {
        if (c.model != CpuModel.I8086) {
            imul(c, operand, bytes);
            return;
        }
        int sh = Alu.shiftOf(bytes);
        long product = -((c.r[RAX] << sh >> sh) * (operand << sh >> sh));
        boolean overflow = product << sh >> sh != product;
        setProduct(c, product, product >> 8 * bytes, bytes, overflow);
    }

    private static void repeatedIdiv(Cpu c, long operand, int bytes) {
        idiv(c, operand, bytes);
        if (c.model == CpuModel.I8086) {
            if (bytes == 1) {
                c.set8(RAX, 0, -c.get8(RAX, 0));
            } else {
                c.set16(RAX, (int) -c.r[RAX]);
            }
        }
    }

    private static void mul(Cpu c, long b, int bytes) {
        int sh = Alu.shiftOf(bytes);
        long a = c.r[RAX] << sh >>> sh;
        long low = a * b;
        long high = bytes == 8 ? Math.unsignedMultiplyHigh(a, b) : low >>> 8 * bytes;
        setProduct(c, low, high, bytes, high != 0);
    }

    private static void imul(Cpu c, long operand, int bytes) {
        int sh = Alu.shiftOf(bytes);
        long a = c.r[RAX] << sh >> sh;
        long b = operand << sh >> sh;
        long low = a * b;
        long high = bytes == 8 ? Math.multiplyHigh(a, b) : low >> 8 * bytes;
        boolean overflow = bytes == 8 ? high != low >> 63 : low << sh >> sh != low;
        setProduct(c, low, high, bytes, overflow);
    }

    /**
     * Stores into AX or DX:AX and their like. SF, ZF, AF and PF are undefined: left as they follow.
     */
    private static void setProduct(Cpu c, long low, long high, int bytes, boolean overflow) {
        if (bytes == 1) {
            c.set16(RAX, (int) low);
        } else {
            Registers.set(c, RAX, 0, bytes, low);
            Registers.set(c, RDX, 0, bytes, high);
        }
        int sh = Alu.shiftOf(bytes);
        c.flagsResult(low << sh >> sh, overflow, overflow);
    }

    private static Op imulRegister(Instruction in) {
        int bytes = in.operandSize;
        int d = in.reg;
        boolean immediate = in.row.operands().size() == 3;
        if (!in.isRegisterForm()) {
            return new MemOp(in) {
                @Override
                public void exec(Cpu c) {
                    long a = c.load(seg, ea(c), bytes);
                    product(c, d, a, immediate ? in.imm : c.r[d], bytes);
                }
            };
        }
        int s = in.rm;
        if (bytes == 4 && !immediate) {
            return new Op(in) {
                @Override
                public void exec(Cpu c) {
                    long x = (long) (int) c.r[d] * (int) c.r[s];
                    c.flagsResult((int) x, x != (int) x, x != (int) x);
                    c.set32(d, (int) x);
                }
            };
        }
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                product(c, d, c.r[s], immediate ? in.imm : c.r[d], bytes);
            }
        };
    }

    private static void product(Cpu c, int d, long x, long y, int bytes) {
        int sh = Alu.shiftOf(bytes);
        long a = x << sh >> sh;
        long b = y << sh >> sh;
        long low = a * b;
        boolean overflow =
                bytes == 8 ? Math.multiplyHigh(a, b) != low >> 63 : low << sh >> sh != low;
        c.flagsResult(low << sh >> sh, overflow, overflow);
        Registers.set(c, d, 0, bytes, low);
    }

    private static void div(Cpu c, long b, int bytes) {
        if (b == 0) {
            throw c.fault(GuestException.DE);
        }
        if (bytes == 8) {
            div128(c, c.r[RDX], c.r[RAX], b);
            return;
        }
        long a = dividend(c, bytes);
        long q = Long.divideUnsigned(a, b);
        if (q >>> 8 * bytes != 0) {
            throw c.fault(GuestException.DE);
        }
        setQuotient(c, q, Long.remainderUnsigned(a, b), bytes);
    }

    /** AX, DX:AX or EDX:EAX, zero-extended. */
    private static long dividend(Cpu c, int bytes) {
        int sh = Alu.shiftOf(bytes);
        return bytes == 1
                ? c.r[RAX] & 0xffff
                : c.r[RDX] << sh >>> sh << 8 * bytes | c.r[RAX] << sh >>> sh;
    }

    private static void setQuotient(Cpu c, long q, long remainder, int bytes) {
        if (bytes == 1) {
            c.set16(RAX, (int) (q & 0xff | (remainder & 0xff) << 8));
        } else {
            Registers.set(c, RAX, 0, bytes, q);
            Registers.set(c, RDX, 0, bytes, remainder);
        }
    }

    private static void div128(Cpu c, long high, long low, long b) {
        if (Long.compareUnsigned(high, b) >= 0) {
            throw c.fault(GuestException.DE);
        }
        long q = Wide.divide(high, low, b);
        c.r[RAX] = q;
        c.r[RDX] = low - q * b;
    }

    private static void idiv(Cpu c, long operand, int bytes) {
        int sh = Alu.shiftOf(bytes);
        long b = operand << sh >> sh;
        if (b == 0) {
            throw c.fault(GuestException.DE);
        }
        if (bytes == 8) {
            idiv128(c, c.r[RDX], c.r[RAX], b);
            return;
        }
        int wide = 64 - 16 * bytes;
        long a = dividend(c, bytes) << wide >> wide;
        if (a == Long.MIN_VALUE && b == -1) {
            throw c.fault(GuestException.DE);
        }
        long q = a / b;
        boolean tooSmallFor8086 = c.model == CpuModel.I8086 && q == -1L << 8 * bytes - 1;
        if (q << sh >> sh != q || tooSmallFor8086) {
            if (c.model != CpuModel.I80286 || !idivUnnoticed(c, a, b, bytes)) {
                throw c.fault(GuestException.DE);
            }
            return;
        }
        setQuotient(c, q, a % b, bytes);
    }

    /**
     * The 80286 divides magnitudes bit by bit, losing what is shifted out of the remainder, and
     * finds an overflow only in the quotient so gained: if that is 80 (8000) and the signs differ,
     * it is taken for -128 (-32768).
     *
     * @return whether the overflow went unnoticed; the result is stored then
     */
    private static boolean idivUnnoticed(Cpu c, long a, long b, int bytes) {
        if (a < 0 == b < 0) {
            return false;
        }
        int bits = 8 * bytes;
        long dividend = Math.abs(a);
        long divisor = Math.abs(b);
        long remainder = dividend >>> bits;
        long quotient = 0;
        for (int bit = bits - 1; bit >= 0; bit--) {
            remainder = (remainder << 1 | dividend >>> bit & 1) & (1L << bits) - 1;
            quotient <<= 1;
            if (remainder >= divisor) {
                remainder -= divisor;
                quotient |= 1;
            }
        }
        if (quotient != 1L << bits - 1) {
            return false;
        }
        setQuotient(c, -quotient, a < 0 ? -remainder : remainder, bytes);
        return true;
    }

    private static void idiv128(Cpu c, long high, long low, long b) {
        boolean negative = high < 0;
        long h = negative ? ~high + (low == 0 ? 1 : 0) : high;
        long l = negative ? -low : low;
        long divisor = Math.abs(b);
        if (Long.compareUnsigned(h, divisor) >= 0) {
            throw c.fault(GuestException.DE);
        }
        long q = Wide.divide(h, l, divisor);
        long remainder = l - q * divisor;
        boolean negativeQuotient = negative != b < 0;
        // The quotient is below 2^64; it must fit 63 bits, or be -2^63.
        if (q < 0 && !(negativeQuotient && q == Long.MIN_VALUE)) {
            throw c.fault(GuestException.DE);
        }
        c.r[RAX] = negativeQuotient ? -q : q;
        c.r[RDX] = negative ? -remainder : remainder;
    }
}
