package trivium.x86.fuzz;

import static trivium.cpu.VcpuState.RBP;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDI;
import static trivium.cpu.VcpuState.RSI;
import static trivium.cpu.VcpuState.RSP;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import trivium.cpu.VcpuState;
import trivium.x86.InterpreterEngine;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand;
import trivium.x86.decode.Row;

/**
 * Makes straight programs of 64-bit user code that may run on the host: the interpreter takes each
 * random instruction as it comes, and it stays if it did not fault, reached data alone by registers
 * that nothing changes, and looked at nothing undefined. Left out is what CPUs are free to do in
 * their own way: approximations, transcendental functions, times.
 */
final class HostPrograms implements AutoCloseable {
    /**
     * @param start before the program
     * @param ends after each instruction
     * @param undefined status flags that are undefined at the end of each
     */
    record Made(
            VcpuState start,
            byte[] data,
            List<byte[]> code,
            List<VcpuState> ends,
            List<Integer> undefined,
            byte[] dataAfter) {}

    private static final int MOST = 24, TRIES = 60, MOST_REPEATED = 64, INDEX = 12;
    private static final Set<Integer> POINTERS = Set.of(RBX, RBP, RSI, RDI, 10, 13, 14);

    private static final Set<Mnemonic> INTEGER =
            EnumSet.of(
                    Mnemonic.ADD,
                    Mnemonic.OR,
                    Mnemonic.ADC,
                    Mnemonic.SBB,
                    Mnemonic.AND,
                    Mnemonic.SUB,
                    Mnemonic.XOR,
                    Mnemonic.CMP,
                    Mnemonic.TEST,
                    Mnemonic.INC,
                    Mnemonic.DEC,
                    Mnemonic.NEG,
                    Mnemonic.NOT,
                    Mnemonic.MOV,
                    Mnemonic.MOVZX,
                    Mnemonic.MOVSX,
                    Mnemonic.MOVSXD,
                    Mnemonic.LEA,
                    Mnemonic.XCHG,
                    Mnemonic.XADD,
                    Mnemonic.CMPXCHG,
                    Mnemonic.CMPXCHG8B,
                    Mnemonic.ROL,
                    Mnemonic.ROR,
                    Mnemonic.RCL,
                    Mnemonic.RCR,
                    Mnemonic.SHL,
                    Mnemonic.SHR,
                    Mnemonic.SAR,
                    Mnemonic.SHLD,
                    Mnemonic.SHRD,
                    Mnemonic.MUL,
                    Mnemonic.IMUL,
                    Mnemonic.DIV,
                    Mnemonic.IDIV,
                    Mnemonic.CBW,
                    Mnemonic.CWD,
                    Mnemonic.BSF,
                    Mnemonic.BSR,
                    Mnemonic.BT,
                    Mnemonic.BTS,
                    Mnemonic.BTR,
                    Mnemonic.BTC,
                    Mnemonic.BSWAP,
                    Mnemonic.LAHF,
                    Mnemonic.SAHF,
                    Mnemonic.CLC,
                    Mnemonic.STC,
                    Mnemonic.CMC,
                    Mnemonic.CLD,
                    Mnemonic.STD,
                    Mnemonic.POPCNT,
                    Mnemonic.CRC32);

    /** Of x87 and SSE: what differs from CPU to CPU. */
    private static final Set<Mnemonic> FREE =
            EnumSet.of(
                    Mnemonic.FSIN,
                    Mnemonic.FCOS,
                    Mnemonic.FSINCOS,
                    Mnemonic.FPTAN,
                    Mnemonic.FPATAN,
                    Mnemonic.F2XM1,
                    Mnemonic.FYL2X,
                    Mnemonic.FYL2XP1,
                    Mnemonic.FBLD,
                    Mnemonic.RCPPS,
                    Mnemonic.RCPSS,
                    Mnemonic.RSQRTPS,
                    Mnemonic.RSQRTSS);

    /** Their second operand is only read. */
    private static final Set<Mnemonic> READ_SECOND =
            EnumSet.of(
                    Mnemonic.ADD,
                    Mnemonic.OR,
                    Mnemonic.ADC,
                    Mnemonic.SBB,
                    Mnemonic.AND,
                    Mnemonic.SUB,
                    Mnemonic.XOR,
                    Mnemonic.CMP,
                    Mnemonic.TEST,
                    Mnemonic.MOV,
                    Mnemonic.MOVZX,
                    Mnemonic.MOVSX,
                    Mnemonic.MOVSXD,
                    Mnemonic.IMUL,
                    Mnemonic.BT);

    private final RowPool pool = new RowPool(HostBoard.MODEL, 64);
    private final Decoder decoder = new Decoder(HostBoard.MODEL);
    private final HostBoard board;
    private final VcpuState s;
    private final long data;

    // Of the program under way.
    private Random random;
    private Encoder encoder;
    private UndefinedFlags flags;
    private final Queue<byte[]> next = new ArrayDeque<>();

    /**
     * @param code where programs lie on the host; {@code data} likewise
     */
    HostPrograms(long code, long data) {
        board = new HostBoard(new InterpreterEngine(), code, data);
        s = board.vcpu.state();
        this.data = data;
    }

    Made make(long seed) {
        random = new Random(seed * 0x9e37_79b9_7f4a_7c15L);
        encoder = new Encoder(random, 64, new Pointers(random, 64, 0));
        flags = new UndefinedFlags();
        next.clear();
        byte[] bytes = bytes();
        VcpuState start = start();
        board.load(start, new byte[0], bytes);
        List<byte[]> code = new ArrayList<>();
        List<VcpuState> ends = new ArrayList<>();
        List<Integer> undefined = new ArrayList<>();
        int offset = 0;
        for (int count = 1 + random.nextInt(MOST); count > 0; count--) {
            byte[] instruction = one(offset);
            if (instruction == null) {
                break;
            }
            offset += instruction.length;
            code.add(instruction);
            VcpuState end = new VcpuState();
            end.set(s);
            ends.add(end);
            undefined.add(flags.undefined());
        }
        return new Made(start, bytes, code, ends, undefined, board.data());
    }

    private byte[] bytes() {
        byte[] bytes = new byte[HostBoard.DATA_BYTES];
        ImageWriter w = new ImageWriter(bytes);
        while (w.position() < bytes.length) {
            w.value(8, Numbers.any(random));
        }
        return bytes;
    }

    private VcpuState start() {
        VcpuState start = board.start();
        for (int i = 0; i < 16; i++) {
            start.gpr[i] = POINTERS.contains(i) ? pointer() : Numbers.any(random);
        }
        start.gpr[INDEX] = random.nextInt(16);
        start.gpr[RSP] = data;
        start.rflags = 2 | random.nextInt() & 0x8d5;
        new FpuSeed(random, HostBoard.MODEL).fill(start);
        // Nothing may trap.
        start.fcw |= 0x3f;
        start.fsw &= ~0x8080;
        start.mxcsr |= 0x1f80;
        return start;
    }

    /** In the middle, so that all displacements stay within the data. */
    private long pointer() {
        int offset = HostBoard.DATA_BYTES / 2 - 0x800 + random.nextInt(0x1000);
        return data + (random.nextBoolean() ? offset & -16 : offset);
    }

    /** Runs one more instruction; null if none was found. */
    private byte[] one(int offset) {
        VcpuState before = new VcpuState();
        before.set(s);
        for (int i = 0; i < TRIES; i++) {
            byte[] bytes = next.isEmpty() ? candidate() : next.remove();
            Instruction in = decode(bytes);
            if (in == null
                    || offset + bytes.length >= HostCpu.room()
                    || !fit(in)
                    || flags.wouldUse(in)
                    || UndefinedFlags.undefinedResult(in, s)) {
                continue;
            }
            board.append(offset, bytes);
            if (step(before.rip, bytes.length) && pointersStay(before)) {
                flags.step(in, before);
                return bytes;
            }
            s.set(before);
        }
        return null;
    }

    private boolean step(long ip, int length) {
        for (int i = 0; i <= MOST_REPEATED; i++) {
            if (board.runner.step() != null) {
                return false;
            }
            if (s.rip != ip) {
                break;
            }
        }
        return s.rip == ip + length;
    }

    private boolean pointersStay(VcpuState before) {
        for (int i = 0; i < 16; i++) {
            boolean kept = i == RSP || i == INDEX || POINTERS.contains(i);
            boolean moves = i == RSI || i == RDI;
            if (kept && !moves && s.gpr[i] != before.gpr[i]) {
                return false;
            }
        }
        return true;
    }

    private byte[] candidate() {
        int kind = random.nextInt(20);
        if (kind == 0) {
            return string();
        }
        if (kind == 1) {
            return division();
        }
        List<Row> rows = kind < 10 ? pool.integer : kind < 14 ? pool.x87 : pool.simd;
        return encoder.encode(RowPool.pick(rows, random)).resolve();
    }

    /** MOV ECX, count; and a string instruction, often repeated. */
    private byte[] string() {
        int opcode =
                new int[] {0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf}
                        [random.nextInt(10)];
        Piece p = new Piece();
        if (random.nextInt(4) > 0) {
            p.add(random.nextBoolean() ? 0xf2 : 0xf3);
        }
        if (random.nextInt(3) == 0) {
            p.add(random.nextBoolean() ? 0x66 : 0x48);
        }
        next.add(p.add(opcode).resolve());
        return move(RCX, random.nextInt(MOST_REPEATED + 1));
    }

    /** Constant operands, so that no mistake before makes the host fault. */
    private byte[] division() {
        int divisor = 1 + random.nextInt(Integer.MAX_VALUE);
        boolean signed = random.nextBoolean();
        int high = signed ? 0 : random.nextInt(divisor);
        next.add(move(VcpuState.RDX, high));
        next.add(move(RCX, divisor));
        Piece p = new Piece();
        if (random.nextBoolean()) {
            p.add(0x48);
        }
        next.add(p.add(0xf7, signed ? 0xf9 : 0xf1).resolve());
        return move(VcpuState.RAX, random.nextInt(Integer.MAX_VALUE));
    }

    private static byte[] move(int register, int value) {
        return new Piece().add(0xb8 | register).value(4, value).resolve();
    }

    private Instruction decode(byte[] bytes) {
        int[] at = {0};
        try {
            Instruction in =
                    decoder.decode(() -> at[0] < bytes.length ? bytes[at[0]++] & 0xff : 0x90, 64);
            in.ip = s.rip;
            return in.row != null && in.length == bytes.length ? in : null;
        } catch (Decoder.TooLong _) {
            return null;
        }
    }

    // ---- what may run on the host

    private boolean fit(Instruction in) {
        Mnemonic m = in.mnemonic();
        String name = m.name();
        boolean string =
                switch (m) {
                    case MOVS, STOS, LODS, SCAS, CMPS -> true;
                    default -> false;
                };
        boolean integer =
                INTEGER.contains(m) || name.startsWith("SET") || name.startsWith("CMOV") || string;
        if (!integer && !isFloating(in) || FREE.contains(m) || isFstp1(in)) {
            return false;
        }
        if (string && !stringFits(in)) {
            return false;
        }
        for (int i = 0; i < in.row.operands().size(); i++) {
            if (!operandFits(in, i)) {
                return false;
            }
        }
        return true;
    }

    /** An alias of FSTP that no manual has; some CPUs copy an empty register without a fault. */
    private static boolean isFstp1(Instruction in) {
        return in.opcode == 0xd9 && in.modRm >>> 3 == 0xd8 >>> 3;
    }

    private boolean isFloating(Instruction in) {
        return pool.x87.contains(in.row) || pool.simd.contains(in.row);
    }

    private boolean stringFits(Instruction in) {
        boolean counted = in.rep == Instruction.NO_REP || s.gpr[RCX] >= 0 && s.gpr[RCX] <= 64;
        return counted
                && in.addressSize == 8
                && !in.segmentOverride
                && within(s.gpr[RSI], 0x800)
                && within(s.gpr[RDI], 0x800);
    }

    private boolean within(long linear, int margin) {
        return linear >= data + margin && linear < data + HostBoard.DATA_BYTES - margin;
    }

    private boolean operandFits(Instruction in, int i) {
        Operand operand = in.operand(i);
        return switch (operand.place()) {
            case REG, OPCODE -> registerFits(in, i);
            case RM -> in.isRegisterForm() ? registerFits(in, i) : memoryFits(in);
            case MEMORY, MMX_RM, XMM_RM, X87_RM -> in.isRegisterForm() || memoryFits(in);
            case MOFFS, SEGMENT, FIXED_SEGMENT, CONTROL, DEBUG, RELATIVE, FAR_POINTER -> false;
            default -> true;
        };
    }

    private boolean registerFits(Instruction in, int i) {
        int register = in.wholeRegister(i);
        boolean kept = POINTERS.contains(register) || register == INDEX;
        boolean read =
                in.mnemonic() == Mnemonic.CMP
                        || in.mnemonic() == Mnemonic.TEST
                        || i > 0 && READ_SECOND.contains(in.mnemonic());
        return register != RSP && (!kept || read);
    }

    private boolean memoryFits(Instruction in) {
        boolean plain =
                in.addressSize == 8
                        && !in.ripRelative
                        && !in.segmentOverride
                        && POINTERS.contains(in.base)
                        && (in.index == Instruction.NO_REGISTER || in.index == INDEX);
        boolean anywhere =
                switch (in.mnemonic()) {
                    case BT, BTS, BTR, BTC -> in.operand(1).place() == Operand.Place.REG;
                    default -> false;
                };
        long linear = s.gpr[in.base] + (s.gpr[in.index] << in.scale) + in.displacement;
        return plain && !anywhere && within(linear, 0x200);
    }

    /** All of a program's code up to an instruction. */
    static byte[] join(List<byte[]> code) {
        byte[] all = new byte[code.stream().mapToInt(c -> c.length).sum()];
        int at = 0;
        for (byte[] instruction : code) {
            System.arraycopy(instruction, 0, all, at, instruction.length);
            at += instruction.length;
        }
        return all;
    }

    @Override
    public void close() {
        board.close();
    }
}
