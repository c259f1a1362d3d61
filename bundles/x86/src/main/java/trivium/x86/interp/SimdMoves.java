package trivium.x86.interp;

import static trivium.cpu.VcpuState.RDI;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand.Place;
import trivium.x86.simd.PackedShuffle;

/** Instructions that move data into, out of and between MMX, XMM and general registers. */
final class SimdMoves {
    private SimdMoves() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case MOVAPS, MOVAPD, MOVUPS, MOVUPD, MOVDQA, MOVDQU -> full(in);
            case LDDQU, MOVNTDQA -> new LoadXmm(in);
            case MOVNTPS, MOVNTPD, MOVNTDQ -> new StoreXmm(in);
            case MOVSS -> scalar(in, 4);
            case MOVSD -> scalar(in, 8);
            case MOVLPS, MOVLPD -> half(in, 0);
            case MOVHPS, MOVHPD -> half(in, 1);
            case MOVD -> movd(in);
            case MOVQ -> movq(in);
            case MOVQ2DQ -> new Movq2dq(in);
            case MOVDQ2Q -> new Movdq2q(in);
            case MOVNTQ -> new StoreMmx(in);
            case MOVNTI -> new Movnti(in);
            case MOVMSKPS, MOVMSKPD, PMOVMSKB -> mask(in);
            case MASKMOVQ, MASKMOVDQU -> new MaskMove(in);
            case PINSRB, PINSRW, PINSRD -> insert(in);
            case INSERTPS -> new Insertps(in);
            case PEXTRB, PEXTRW, PEXTRD, EXTRACTPS -> extract(in);
            default -> null;
        };
    }

    private static boolean isLoad(Instruction in) {
        Place place = in.operand(0).place();
        return place == Place.XMM_REG || place == Place.MMX_REG;
    }

    private static Op full(Instruction in) {
        if (in.isRegisterForm()) {
            return isLoad(in) ? new CopyXmm(in, in.reg, in.rm) : new CopyXmm(in, in.rm, in.reg);
        }
        return isLoad(in) ? new LoadXmm(in) : new StoreXmm(in);
    }

    private static Op scalar(Instruction in, int bytes) {
        if (in.isRegisterForm()) {
            return isLoad(in)
                    ? new MergeXmm(in, in.reg, in.rm, bytes)
                    : new MergeXmm(in, in.rm, in.reg, bytes);
        }
        return isLoad(in) ? new LoadScalar(in, bytes) : new StorePart(in, 0, bytes);
    }

    private static Op half(Instruction in, int half) {
        return isLoad(in) ? new LoadHalf(in, half) : new StorePart(in, half, 8);
    }

    private static Op movd(Instruction in) {
        boolean mmx =
                in.operand(0).place() == Place.MMX_REG || in.operand(1).place() == Place.MMX_REG;
        return isLoad(in) ? new MovdTo(in, mmx) : new MovdFrom(in, mmx);
    }

    private static Op movq(Instruction in) {
        Place other = in.operand(isLoad(in) ? 1 : 0).place();
        if (other == Place.MMX_RM) {
            return isLoad(in) ? new LoadMmx(in) : new StoreMmx(in);
        }
        if (in.isRegisterForm()) {
            return isLoad(in) ? new MovqXmm(in, in.reg, in.rm) : new MovqXmm(in, in.rm, in.reg);
        }
        return isLoad(in) ? new LoadScalar(in, 8) : new StorePart(in, 0, 8);
    }

    // ---- whole XMM registers

    private static final class CopyXmm extends SimdOp {
        private final int to, from;

        CopyXmm(Instruction in, int to, int from) {
            super(in);
            this.to = 2 * to;
            this.from = 2 * from;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long[] x = c.s.xmm;
            x[to] = x[from];
            x[to + 1] = x[from + 1];
        }
    }

    private static final class LoadXmm extends SimdOp {
        LoadXmm(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long low = load16Bytes(c);
            c.s.xmm[2 * reg] = low;
            c.s.xmm[2 * reg + 1] = c.high;
        }
    }

    private static final class StoreXmm extends SimdOp {
        StoreXmm(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            store16Bytes(c, c.s.xmm[2 * reg], c.s.xmm[2 * reg + 1]);
        }
    }

    // ---- parts of XMM registers

    /** MOVSS, MOVSD between registers: the rest of the destination stays. */
    private static final class MergeXmm extends SimdOp {
        private final int to, from;
        private final long kept;

        MergeXmm(Instruction in, int to, int from, int bytes) {
            super(in);
            this.to = 2 * to;
            this.from = 2 * from;
            kept = bytes == 8 ? 0 : -1L << 32;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long[] x = c.s.xmm;
            x[to] = x[to] & kept | x[from] & ~kept;
        }
    }

    /** MOVSS, MOVSD, MOVQ from memory: the rest becomes zero. */
    private static final class LoadScalar extends SimdOp {
        private final int bytes;

        LoadScalar(Instruction in, int bytes) {
            super(in);
            this.bytes = bytes;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long offset = ea(c);
            long value = bytes == 8 ? c.load64(seg, offset) : c.load(seg, offset, bytes);
            c.s.xmm[2 * reg] = value;
            c.s.xmm[2 * reg + 1] = 0;
        }
    }

    private static final class LoadHalf extends SimdOp {
        private final int half;

        LoadHalf(Instruction in, int half) {
            super(in);
            this.half = half;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            c.s.xmm[2 * reg + half] = c.load64(seg, ea(c));
        }
    }

    private static final class StorePart extends SimdOp {
        private final int half, bytes;

        StorePart(Instruction in, int half, int bytes) {
            super(in);
            this.half = half;
            this.bytes = bytes;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long value = c.s.xmm[2 * reg + half];
            if (bytes == 8) {
                c.store64(seg, ea(c), value);
            } else {
                c.store32(seg, ea(c), (int) value);
            }
        }
    }

    private static final class MovqXmm extends SimdOp {
        private final int to, from;

        MovqXmm(Instruction in, int to, int from) {
            super(in);
            this.to = 2 * to;
            this.from = 2 * from;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            c.s.xmm[to] = c.s.xmm[from];
            c.s.xmm[to + 1] = 0;
        }
    }

    // ---- general registers

    private static final class MovdTo extends SimdOp {
        private final boolean mmx;
        private final int bytes;

        MovdTo(Instruction in, boolean mmx) {
            super(in);
            this.mmx = mmx;
            bytes = in.bytes(1);
        }

        @Override
        public void exec(Cpu c) {
            if (mmx) {
                needMmx(c);
                long value = generalSource(c, bytes);
                enterMmx(c);
                setMmx(c, reg, value);
            } else {
                needSse(c);
                c.s.xmm[2 * reg] = generalSource(c, bytes);
                c.s.xmm[2 * reg + 1] = 0;
            }
        }
    }

    private static final class MovdFrom extends SimdOp {
        private final boolean mmx;
        private final int bytes;

        MovdFrom(Instruction in, boolean mmx) {
            super(in);
            this.mmx = mmx;
            bytes = in.bytes(0);
        }

        @Override
        public void exec(Cpu c) {
            long value;
            if (mmx) {
                needMmx(c);
                value = mmx(c, reg);
            } else {
                needSse(c);
                value = c.s.xmm[2 * reg];
            }
            if (memory) {
                c.store(seg, ea(c), bytes, value);
            } else {
                c.r[rm] = bytes == 8 ? value : value & 0xffff_ffffL;
            }
            if (mmx) {
                enterMmx(c);
            }
        }
    }

    private static final class Movnti extends SimdOp {
        private final int bytes;

        Movnti(Instruction in) {
            super(in);
            bytes = in.bytes(0);
        }

        @Override
        public void exec(Cpu c) {
            c.store(seg, ea(c), bytes, c.r[reg]);
        }
    }

    // ---- MMX registers

    private static final class LoadMmx extends SimdOp {
        LoadMmx(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needMmx(c);
            long value = mmxSource(c, 8);
            enterMmx(c);
            setMmx(c, reg, value);
        }
    }

    private static final class StoreMmx extends SimdOp {
        StoreMmx(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needMmx(c);
            if (memory) {
                c.store64(seg, ea(c), mmx(c, reg));
                enterMmx(c);
            } else {
                enterMmx(c);
                setMmx(c, rm, mmx(c, reg));
            }
        }
    }

    private static final class Movq2dq extends SimdOp {
        Movq2dq(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            needMmx(c);
            enterMmx(c);
            c.s.xmm[2 * reg] = mmx(c, rm);
            c.s.xmm[2 * reg + 1] = 0;
        }
    }

    private static final class Movdq2q extends SimdOp {
        Movdq2q(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            needMmx(c);
            enterMmx(c);
            setMmx(c, reg, c.s.xmm[2 * rm]);
        }
    }

    // ---- masks

    private static Op mask(Instruction in) {
        if (in.operand(1).place() == Place.MMX_RM) {
            return new MmxMask(in);
        }
        return switch (in.mnemonic()) {
            case MOVMSKPS -> new XmmMask(in, (low, high) -> signsD(low) | signsD(high) << 2);
            case MOVMSKPD -> new XmmMask(in, (low, high) -> low >>> 63 | high >>> 63 << 1);
            default ->
                    new XmmMask(
                            in,
                            (low, high) ->
                                    PackedShuffle.signBitsB(low)
                                            | PackedShuffle.signBitsB(high) << 8);
        };
    }

    private static long signsD(long a) {
        return a >>> 31 & 1 | a >>> 63 << 1;
    }

    private static final class XmmMask extends SimdOp {
        private final java.util.function.LongBinaryOperator bits;

        XmmMask(Instruction in, java.util.function.LongBinaryOperator bits) {
            super(in);
            this.bits = bits;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            c.r[reg] = bits.applyAsLong(c.s.xmm[2 * rm], c.s.xmm[2 * rm + 1]);
        }
    }

    private static final class MmxMask extends SimdOp {
        MmxMask(Instruction in) {
            super(in);
        }

        @Override
        public void exec(Cpu c) {
            needMmx(c);
            enterMmx(c);
            c.r[reg] = PackedShuffle.signBitsB(mmx(c, rm));
        }
    }

    /** Stores the bytes whose mask byte has its top bit set at DS:rDI, all or, on a fault, none. */
    private static final class MaskMove extends SimdOp {
        private final boolean mmx;
        private final long addressMask;

        MaskMove(Instruction in) {
            super(in);
            mmx = in.operand(0).place() == Place.MMX_REG;
            addressMask = in.addressSize == 2 ? 0xffffL : in.addressSize == 4 ? 0xffff_ffffL : -1L;
        }

        @Override
        public void exec(Cpu c) {
            if (mmx) {
                needMmx(c);
                int selected = PackedShuffle.signBitsB(mmx(c, rm));
                storeSelected(c, selected, mmx(c, reg), 0);
                enterMmx(c);
            } else {
                needSse(c);
                long[] x = c.s.xmm;
                int selected =
                        PackedShuffle.signBitsB(x[2 * rm])
                                | PackedShuffle.signBitsB(x[2 * rm + 1]) << 8;
                storeSelected(c, selected, x[2 * reg], x[2 * reg + 1]);
            }
        }

        private void storeSelected(Cpu c, int selected, long low, long high) {
            for (int bits = selected; bits != 0; bits &= bits - 1) {
                int i = Integer.numberOfTrailingZeros(bits);
                c.checkWrite(seg, c.r[RDI] + i & addressMask, 1);
            }
            for (int bits = selected; bits != 0; bits &= bits - 1) {
                int i = Integer.numberOfTrailingZeros(bits);
                long half = i < 8 ? low : high;
                c.store8(seg, c.r[RDI] + i & addressMask, (int) (half >>> 8 * (i & 7)) & 0xff);
            }
        }
    }

    // ---- elements

    private static int elementBytes(Instruction in) {
        return switch (in.mnemonic()) {
            case PINSRB, PEXTRB -> 1;
            case PINSRW, PEXTRW -> 2;
            case EXTRACTPS -> 4;
            default -> (in.rex & 8) != 0 ? 8 : 4;
        };
    }

    private static Op insert(Instruction in) {
        int bytes = elementBytes(in);
        boolean mmx = in.operand(0).place() == Place.MMX_REG;
        int element = (int) in.imm & (mmx ? 8 : 16) / bytes - 1;
        return new Insert(in, mmx, bytes, element);
    }

    private static final class Insert extends SimdOp {
        private final boolean mmx;
        private final int bytes, half, shift;
        private final long where;

        Insert(Instruction in, boolean mmx, int bytes, int element) {
            super(in);
            this.mmx = mmx;
            this.bytes = bytes;
            half = element * bytes >>> 3;
            shift = element * bytes * 8 & 63;
            where = bytes == 8 ? -1L : (1L << 8 * bytes) - 1 << shift;
        }

        @Override
        public void exec(Cpu c) {
            if (mmx) {
                needMmx(c);
                long value = generalSource(c, bytes) << shift;
                enterMmx(c);
                setMmx(c, reg, PackedShuffle.blend(mmx(c, reg), value, where));
            } else {
                needSse(c);
                long value = generalSource(c, bytes) << shift;
                long[] x = c.s.xmm;
                x[2 * reg + half] = PackedShuffle.blend(x[2 * reg + half], value, where);
            }
        }
    }

    private static Op extract(Instruction in) {
        int bytes = elementBytes(in);
        // 0F C5 has its source in rm and its destination in reg, 0F 3A 14 to 17 the other way.
        boolean c5 = in.opcode == 0x0fc5;
        boolean mmx = in.operand(1).place() == Place.MMX_RM;
        int element = (int) in.imm & (mmx ? 8 : 16) / bytes - 1;
        return new Extract(in, c5, mmx, bytes, element);
    }

    private static final class Extract extends SimdOp {
        private final boolean mmx;
        private final int bytes, half, shift, from, to;

        Extract(Instruction in, boolean c5, boolean mmx, int bytes, int element) {
            super(in);
            this.mmx = mmx;
            this.bytes = bytes;
            half = element * bytes >>> 3;
            shift = element * bytes * 8 & 63;
            from = c5 ? rm : reg;
            to = c5 ? reg : rm;
        }

        @Override
        public void exec(Cpu c) {
            long value;
            if (mmx) {
                needMmx(c);
                enterMmx(c);
                value = mmx(c, from) >>> shift;
            } else {
                needSse(c);
                value = c.s.xmm[2 * from + half] >>> shift;
            }
            if (memory) {
                c.store(seg, ea(c), bytes, value);
            } else {
                c.r[to] = bytes == 8 ? value : value & (1L << 8 * bytes) - 1;
            }
        }
    }

    /** INSERTPS: imm[7:6] source element, imm[5:4] destination element, imm[3:0] zeroed ones. */
    private static final class Insertps extends SimdOp {
        private final int imm;

        Insertps(Instruction in) {
            super(in);
            imm = (int) in.imm & 0xff;
        }

        @Override
        public void exec(Cpu c) {
            needSse(c);
            long[] x = c.s.xmm;
            long value =
                    memory
                            ? c.load(seg, ea(c), 4)
                            : PackedShuffle.dword(x[2 * rm], x[2 * rm + 1], imm >> 6);
            int at = imm >> 4 & 3;
            long both = value << 32 | value;
            long low = PackedShuffle.blend(x[2 * reg], both, PackedShuffle.dwordMask(1 << at));
            long high =
                    PackedShuffle.blend(
                            x[2 * reg + 1], both, PackedShuffle.dwordMask(1 << at >> 2));
            x[2 * reg] = low & ~PackedShuffle.dwordMask(imm);
            x[2 * reg + 1] = high & ~PackedShuffle.dwordMask(imm >> 2);
        }
    }
}
