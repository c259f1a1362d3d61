package trivium.x86.fp;

import static trivium.x86.fp.FpuContext.C0;
import static trivium.x86.fp.FpuContext.C1;
import static trivium.x86.fp.FpuContext.C2;
import static trivium.x86.fp.FpuContext.C3;
import static trivium.x86.fp.FpuContext.ES;
import static trivium.x86.fp.FpuContext.PE;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * One x87 instruction recorded on a processor by {@code src/test/native/x87cases.c}: ST0 and ST1
 * full, a control word, what the instruction left. {@link #mismatch} does the same with this
 * package. A record is 64 bytes.
 */
final class RecordedCase {
    static final int SIZE = 64;
    private static final int TOP = 6, BUSY = 0x8000;

    /** How an instruction uses the register stack. */
    private enum Shape {
        UNARY,
        PUSH,
        PUSH_LOADED,
        REPLACE_AND_PUSH,
        POP,
        COMPARE,
        EFLAGS,
        STORE,
        STORE_POP
    }

    private interface Action {
        void run(RecordedCase r, FpuContext c);
    }

    private record Instruction(String name, Shape shape, Action action) {}

    private interface Binary {
        void run(FpuContext c, long am, int ase, long bm, int bse);
    }

    private interface Unary {
        void run(FpuContext c, long m, int se);
    }

    private static Instruction unary(String name, Shape shape, Unary f) {
        return new Instruction(name, shape, (r, c) -> f.run(c, r.am, r.as));
    }

    private static Instruction binary(String name, Shape shape, Binary f) {
        return new Instruction(name, shape, (r, c) -> f.run(c, r.am, r.as, r.bm, r.bs));
    }

    private static Instruction operand(String name, Shape shape, Action load, Binary f) {
        return new Instruction(
                name,
                shape,
                (r, c) -> {
                    load.run(r, c);
                    f.run(c, r.am, r.as, c.mantissa, c.signExponent);
                });
    }

    private static Instruction store(String name, Shape shape, int bytes, Unary f) {
        return new Instruction(
                name,
                shape,
                (r, c) -> {
                    f.run(c, r.am, r.as);
                    r.stored = bytes;
                });
    }

    private static Binary compare(boolean unordered) {
        return (c, am, as, bm, bs) -> Compare80.compare(c, am, as, bm, bs, unordered);
    }

    private static final Action LOAD32 = (r, c) -> Convert80.fromFloat(c, r.memory.getInt(0));
    private static final Action LOAD64 = (r, c) -> Convert80.fromDouble(c, r.memory.getLong(0));

    private static Instruction integerStore(String name, int bytes, boolean truncated) {
        return store(
                name,
                Shape.STORE_POP,
                bytes,
                (c, m, se) ->
                        c.set(
                                0,
                                truncated
                                        ? Convert80.toIntegerTruncated(c, m, se, 8 * bytes)
                                        : Convert80.toInteger(c, m, se, 8 * bytes)));
    }

    private static Instruction constant(String name, Constant80 constant) {
        return new Instruction(name, Shape.PUSH, (_, c) -> constant.load(c));
    }

    private static void examine(FpuContext c, long m, int se) {
        int cc = Float80.examine(m, se);
        c.conditions = cc & ~C1;
        c.flags = cc & C1;
    }

    /** In the order of the numbers in the records. */
    // spotless:off
    private static final List<Instruction> INSTRUCTIONS = List.of(
        binary("fadd", Shape.UNARY, Arith80::add),
        binary("fsub", Shape.UNARY, Arith80::sub),
        binary("fsubr", Shape.UNARY, (c, am, as, bm, bs) -> Arith80.sub(c, bm, bs, am, as)),
        binary("fmul", Shape.UNARY, Arith80::mul),
        binary("fdiv", Shape.UNARY, Arith80::div),
        binary("fdivr", Shape.UNARY, (c, am, as, bm, bs) -> Arith80.div(c, bm, bs, am, as)),
        unary("fsqrt", Shape.UNARY, Arith80::sqrt),
        binary("fprem", Shape.UNARY, (c, am, as, bm, bs) -> Scale80.remainder(c, am, as, bm, bs, false)),
        binary("fprem1", Shape.UNARY, (c, am, as, bm, bs) -> Scale80.remainder(c, am, as, bm, bs, true)),
        unary("frndint", Shape.UNARY, Scale80::roundToInteger),
        binary("fscale", Shape.UNARY, Scale80::scale),
        unary("fxtract", Shape.REPLACE_AND_PUSH, Scale80::extract),
        binary("fcom", Shape.COMPARE, compare(false)),
        binary("fucom", Shape.COMPARE, compare(true)),
        unary("fxam", Shape.COMPARE, RecordedCase::examine),
        unary("ftst", Shape.COMPARE, (c, m, se) -> Compare80.compare(c, m, se, 0, 0, false)),
        binary("fcomi", Shape.EFLAGS, compare(false)),
        binary("fucomi", Shape.EFLAGS, compare(true)),
        unary("f2xm1", Shape.UNARY, Log80::f2xm1),
        binary("fyl2x", Shape.POP, Log80::yl2x),
        binary("fyl2xp1", Shape.POP, Log80::yl2xp1),
        unary("fptan", Shape.REPLACE_AND_PUSH, Trig80::tan),
        binary("fpatan", Shape.POP, Trig80::atan),
        unary("fsin", Shape.UNARY, Trig80::sin),
        unary("fcos", Shape.UNARY, Trig80::cos),
        unary("fsincos", Shape.REPLACE_AND_PUSH, Trig80::sincos),
        store("fst m32", Shape.STORE, 4, (c, m, se) -> c.set(0, Convert80.toFloat(c, m, se))),
        store("fst m64", Shape.STORE, 8, (c, m, se) -> c.set(0, Convert80.toDouble(c, m, se))),
        integerStore("fistp m16", 2, false),
        integerStore("fistp m32", 4, false),
        integerStore("fistp m64", 8, false),
        integerStore("fisttp m16", 2, true),
        integerStore("fisttp m32", 4, true),
        integerStore("fisttp m64", 8, true),
        store("fbstp", Shape.STORE_POP, 10, Decimal80::store),
        new Instruction("fld m32", Shape.PUSH_LOADED, LOAD32),
        new Instruction("fld m64", Shape.PUSH_LOADED, LOAD64),
        new Instruction("fbld", Shape.PUSH, (r, c) -> Decimal80.load(c, r.memory.getLong(0), r.memory.getShort(8))),
        operand("fadd m32", Shape.UNARY, LOAD32, Arith80::add),
        operand("fadd m64", Shape.UNARY, LOAD64, Arith80::add),
        operand("fmul m64", Shape.UNARY, LOAD64, Arith80::mul),
        operand("fdiv m64", Shape.UNARY, LOAD64, Arith80::div),
        operand("fdivr m32", Shape.UNARY, LOAD32, (c, am, as, bm, bs) -> Arith80.div(c, bm, bs, am, as)),
        operand("fcom m32", Shape.COMPARE, LOAD32, compare(false)),
        operand("fcom m64", Shape.COMPARE, LOAD64, compare(false)),
        constant("fld1", Constant80.ONE),
        constant("fldl2t", Constant80.LOG2_10),
        constant("fldl2e", Constant80.LOG2_E),
        constant("fldpi", Constant80.PI),
        constant("fldlg2", Constant80.LOG10_2),
        constant("fldln2", Constant80.LN_2),
        new Instruction("fild m64", Shape.PUSH, (r, c) -> Convert80.fromInteger(c, r.memory.getLong(0))),
        operand("fiadd m16", Shape.UNARY, (r, c) -> Convert80.fromInteger(c, r.memory.getShort(0)), Arith80::add),
        operand("fidiv m32", Shape.UNARY, (r, c) -> Convert80.fromInteger(c, r.memory.getInt(0)), Arith80::div));
    // spotless:on

    private final Instruction instruction;
    private final int op, cw, fsw, eflags;
    private final long am, bm, m0, m1;
    private final int as, bs, s0, s1;
    private final ByteBuffer memory;
    private final FpuContext c = new FpuContext();
    private int stored;

    /** What should be left, by this package. */
    private int top = TOP, myEflags = 1;

    private long my0, my1;
    private int mySe0, mySe1;

    RecordedCase(ByteBuffer in) {
        ByteBuffer b = in.slice(in.position(), SIZE).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + SIZE);
        op = b.get(0);
        instruction = INSTRUCTIONS.get(op);
        cw = b.getShort(2) & 0xffff;
        am = b.getLong(4);
        as = b.getShort(12) & 0xffff;
        bm = b.getLong(14);
        bs = b.getShort(22) & 0xffff;
        fsw = b.getShort(24) & 0xffff;
        m0 = b.getLong(28);
        s0 = b.getShort(36) & 0xffff;
        m1 = b.getLong(38);
        s1 = b.getShort(46) & 0xffff;
        memory = b.slice(48, 10).order(ByteOrder.LITTLE_ENDIAN);
        eflags = b.get(58) & 0xff;
    }

    String name() {
        return instruction.name;
    }

    boolean transcendental() {
        return op >= 18 && op <= 25;
    }

    /**
     * Executes the instruction; for a transcendental the last place, C1 and PE may differ.
     *
     * @return null, or what differs
     */
    String mismatch() {
        c.controlWord = cw;
        instruction.action.run(this, c);
        place();
        int ignored = transcendental() ? C1 | PE | ES | BUSY : 0;
        int sw = c.flags | c.conditions | top << 11;
        sw |= (c.flags & ~cw & 0x3f) != 0 ? ES | BUSY : 0;
        StringBuilder s = new StringBuilder();
        if (((sw ^ fsw) & ~ignored) != 0) {
            s.append(" FSW %04x".formatted(sw));
        }
        register(s, "ST0", my0, mySe0, m0, s0);
        if (top != TOP + 1) {
            register(s, "ST1", my1, mySe1, m1, s1);
        }
        if (stored != 0 && !Arrays.equals(image(), memoryBytes())) {
            s.append(" memory %s".formatted(text(image())));
        }
        if (instruction.shape == Shape.EFLAGS && eflags != myEflags) {
            s.append(" EFLAGS %02x".formatted(myEflags));
        }
        return s.isEmpty() ? null : this + "; here:" + s;
    }

    private void keep(long m, int se, long next, int nextSe) {
        my0 = m;
        mySe0 = se;
        my1 = next;
        mySe1 = nextSe;
    }

    private void place() {
        keep(am, as, bm, bs);
        switch (instruction.shape) {
            case UNARY -> {
                if (!c.aborted()) {
                    keep(c.mantissa, c.signExponent, bm, bs);
                }
            }
            case PUSH -> push(!c.aborted());
            case PUSH_LOADED -> {
                Convert80.load(c);
                push(!c.loadAborted());
            }
            case REPLACE_AND_PUSH -> {
                if (!c.aborted() && (c.conditions & C2) == 0) {
                    top--;
                    keep(c.mantissa2, c.signExponent2, c.mantissa, c.signExponent);
                }
            }
            case POP -> {
                if (!c.aborted()) {
                    top++;
                    keep(c.mantissa, c.signExponent, 0, 0);
                }
            }
            case COMPARE -> {}
            case EFLAGS -> {
                int cc = c.conditions;
                myEflags = (cc & C3) >> 8 | (cc & C2) >> 8 | (cc & C0) >> 8;
                c.conditions = 0;
            }
            case STORE -> {}
            case STORE_POP -> {
                if (!c.storeAborted()) {
                    top++;
                    keep(bm, bs, 0, 0);
                }
            }
        }
    }

    private void push(boolean done) {
        if (done) {
            top--;
            keep(c.mantissa, c.signExponent, am, as);
        }
    }

    /** The memory operand as it should be: bytes beyond it, and unwritten ones, are CC. */
    private byte[] image() {
        byte[] x = new byte[10];
        Arrays.fill(x, (byte) 0xcc);
        for (int i = 0; i < stored && !c.storeAborted(); i++) {
            x[i] = (byte) (i < 8 ? c.mantissa >>> 8 * i : c.signExponent >>> 8 * (i - 8));
        }
        return x;
    }

    private byte[] memoryBytes() {
        byte[] x = new byte[10];
        memory.get(0, x);
        return x;
    }

    private void register(
            StringBuilder s, String name, long m, int se, long expected, int expectedSe) {
        boolean equal = m == expected && se == expectedSe;
        if (!equal && !(transcendental() && adjacent(m, se, expected, expectedSe))) {
            s.append(" %s %04x.%016x".formatted(name, se, m));
        }
    }

    /** Whether two values are at most one unit of the last place apart. */
    static boolean adjacent(long m, int se, long n, int ne) {
        if (se == ne) {
            return Math.abs(m - n) <= 1;
        }
        return se - ne == 1 && m == Long.MIN_VALUE && n == -1
                || ne - se == 1 && n == Long.MIN_VALUE && m == -1;
    }

    private static String text(byte[] x) {
        StringBuilder s = new StringBuilder();
        for (int i = 9; i >= 0; i--) {
            s.append("%02x".formatted(x[i]));
        }
        return s.toString();
    }

    @Override
    public String toString() {
        return ("%s FCW %04x ST0 %04x.%016x ST1 %04x.%016x memory %s, recorded: FSW %04x ST0"
                        + " %04x.%016x ST1 %04x.%016x EFLAGS %02x")
                .formatted(
                        name(),
                        cw,
                        as,
                        am,
                        bs,
                        bm,
                        text(memoryBytes()),
                        fsw,
                        s0,
                        m0,
                        s1,
                        m1,
                        eflags);
    }
}
