package trivium.x86.decode;

import static trivium.cpu.VcpuState.CS;
import static trivium.cpu.VcpuState.DS;
import static trivium.cpu.VcpuState.ES;
import static trivium.cpu.VcpuState.FS;
import static trivium.cpu.VcpuState.GS;
import static trivium.cpu.VcpuState.RBP;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RDI;
import static trivium.cpu.VcpuState.RSI;
import static trivium.cpu.VcpuState.RSP;
import static trivium.cpu.VcpuState.SS;
import static trivium.x86.decode.Instruction.NO_REGISTER;

import trivium.cpu.CpuModel;

/** Decodes 16-, 32- and 64-bit code for one CPU model (SDM Vol. 2A "Instruction Format"). */
public final class Decoder {
    /** Thrown when an instruction is longer than the CPU allows: #GP(0). Carries no stack trace. */
    public static final class TooLong extends RuntimeException {
        static final TooLong INSTANCE = new TooLong();

        private TooLong() {
            super("instruction too long", null, false, false);
        }
    }

    private static final int[] BASE_16 = {RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX};
    private static final int[] INDEX_16 = {
        RSI, RDI, RSI, RDI, NO_REGISTER, NO_REGISTER, NO_REGISTER, NO_REGISTER
    };

    private final OpcodeTable table;
    private final CpuModel model;
    private final int maxLength;
    private CodeBytes code;
    private int length;

    public Decoder(CpuModel model) {
        this.table = OpcodeTable.of(model);
        this.model = model;
        // The 8086 has no limit; 15 repeats of a prefix already make no sense there.
        this.maxLength =
                switch (model) {
                    case I8086 -> Integer.MAX_VALUE;
                    case I80286 -> 10;
                    default -> 15;
                };
    }

    /**
     * Decodes one instruction.
     *
     * @param mode 16, 32 or 64
     * @return an instruction whose row is null if it does not exist (length is then what was read)
     * @throws TooLong if it is longer than the CPU's limit
     */
    public Instruction decode(CodeBytes code, int mode) {
        this.code = code;
        length = 0;
        Instruction in = new Instruction();
        in.mode = mode;
        int opcode = prefixes(in);
        sizes(in);
        if (opcode == 0x0f && model != CpuModel.I8086) {
            opcode = 0x0f00 | u8();
            if (opcode == 0x0f38 || opcode == 0x0f3a) {
                opcode = opcode << 8 | u8();
            }
        }
        in.opcode = opcode;
        if (table.hasModRm(opcode)) {
            // MOV to and from control and debug registers takes any mod as 3.
            modRm(in, (opcode & ~3) == 0x0f20);
        }
        int mandatory = in.rep != 0 ? in.rep : in.operandSizePrefix ? 0x66 : 0;
        Row row = table.find(opcode, in.modRm, mandatory, mode == 64);
        in.row = row;
        if (row != null) {
            rowSizes(in, row);
            immediates(in, row);
            if (in.lock && !lockAllowed(in, row)) {
                in.row = null;
            }
        }
        in.length = length;
        return in;
    }

    private boolean lockAllowed(Instruction in, Row row) {
        // Before the 386 LOCK was allowed with anything.
        return !model.atLeast(CpuModel.I386) || row.is(Row.Attribute.LOCKABLE) && in.mod != 3;
    }

    private int prefixes(Instruction in) {
        in.segment = -1;
        for (; ; ) {
            int octet = u8();
            switch (octet) {
                case 0x26 -> segment(in, ES);
                case 0x2e -> segment(in, CS);
                case 0x36 -> segment(in, SS);
                case 0x3e -> segment(in, DS);
                case 0x64, 0x65 -> {
                    if (!model.atLeast(CpuModel.I386)) {
                        return octet;
                    }
                    segment(in, octet == 0x64 ? FS : GS);
                }
                case 0x66, 0x67 -> {
                    if (!model.atLeast(CpuModel.I386)) {
                        return octet;
                    }
                    if (octet == 0x66) {
                        in.operandSizePrefix = true;
                    } else {
                        in.addressSize = 1; // settled in sizes()
                    }
                }
                case 0xf0 -> in.lock = true;
                case 0xf1 -> {
                    if (model != CpuModel.I8086) {
                        return octet;
                    }
                    in.lock = true;
                }
                case 0xf2, 0xf3 -> in.rep = octet;
                default -> {
                    if (in.mode != 64 || (octet & 0xf0) != 0x40) {
                        return octet;
                    }
                    int next = u8();
                    if (!isPrefix(next)) {
                        in.rex = octet;
                        return next;
                    }
                    // A REX that is not the last prefix is ignored.
                    length--;
                    pushedBack = next;
                    continue;
                }
            }
        }
    }

    private int pushedBack = -1;

    private static boolean isPrefix(int octet) {
        return switch (octet) {
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
            default -> (octet & 0xf0) == 0x40;
        };
    }

    private static void segment(Instruction in, int segment) {
        // In 64-bit mode only FS and GS overrides count, and the others do not undo them.
        if (in.mode == 64 && segment < FS) {
            return;
        }
        in.segment = segment;
        in.segmentOverride = true;
    }

    private static void sizes(Instruction in) {
        boolean addressPrefix = in.addressSize == 1;
        switch (in.mode) {
            case 16 -> {
                in.operandSize = in.operandSizePrefix ? 4 : 2;
                in.addressSize = addressPrefix ? 4 : 2;
            }
            case 32 -> {
                in.operandSize = in.operandSizePrefix ? 2 : 4;
                in.addressSize = addressPrefix ? 2 : 4;
            }
            case 64 -> {
                in.operandSize = (in.rex & 8) != 0 ? 8 : in.operandSizePrefix ? 2 : 4;
                in.addressSize = addressPrefix ? 4 : 8;
            }
            default -> throw new AssertionError("mode " + in.mode);
        }
    }

    private static void rowSizes(Instruction in, Row row) {
        if (in.mode == 64) {
            if (row.is(Row.Attribute.FORCE_64)
                    || row.is(Row.Attribute.DEFAULT_64) && in.operandSize == 4) {
                in.operandSize = 8;
            }
        }
        // A 66 that selects the row does not change the operand size.
        if (row.prefix == 0x66 || row.prefix == 0xf2 || row.prefix == 0xf3) {
            if (in.operandSizePrefix && in.operandSize == 2 && row.prefix == 0x66) {
                in.operandSize = 4;
            }
        }
    }

    private void modRm(Instruction in, boolean registerOnly) {
        int m = u8() | (registerOnly ? 0xc0 : 0);
        in.modRm = m;
        in.mod = m >>> 6;
        in.reg = m >>> 3 & 7 | (in.rex & 4) << 1;
        in.rm = m & 7;
        if (in.mod == 3) {
            in.rm |= (in.rex & 1) << 3;
            defaultSegment(in, DS);
        } else if (in.addressSize == 2) {
            memory16(in);
        } else {
            memory32(in);
        }
    }

    private void memory16(Instruction in) {
        in.base = BASE_16[in.rm];
        in.index = INDEX_16[in.rm];
        int defaultSegment = in.base == RBP ? SS : DS;
        if (in.mod == 0 && in.rm == 6) {
            in.base = NO_REGISTER;
            in.displacement = s16();
            defaultSegment = DS;
        } else if (in.mod == 1) {
            in.displacement = (byte) u8();
        } else if (in.mod == 2) {
            in.displacement = s16();
        }
        defaultSegment(in, defaultSegment);
    }

    private void memory32(Instruction in) {
        int defaultSegment = DS;
        int base = in.rm;
        if (base == 4) {
            int sib = u8();
            in.scale = sib >>> 6;
            int index = sib >>> 3 & 7 | (in.rex & 2) << 2;
            in.index = index == 4 ? NO_REGISTER : index;
            if (in.index == NO_REGISTER) {
                in.scale = 0;
            }
            base = sib & 7;
            if (base == 5 && in.mod == 0) {
                in.displacement = s32();
            } else {
                in.base = base | (in.rex & 1) << 3;
                defaultSegment = base == RSP || base == RBP ? SS : DS;
                if ((in.rex & 1) != 0) {
                    defaultSegment = DS;
                }
            }
        } else if (base == 5 && in.mod == 0) {
            in.displacement = s32();
            in.ripRelative = in.mode == 64;
        } else {
            in.base = base | (in.rex & 1) << 3;
            defaultSegment = in.base == RBP ? SS : DS;
        }
        if (in.mod == 1) {
            in.displacement = (byte) u8();
        } else if (in.mod == 2) {
            in.displacement = s32();
        }
        defaultSegment(in, defaultSegment);
    }

    private static void defaultSegment(Instruction in, int segment) {
        if (in.segment < 0) {
            in.segment = segment;
        }
    }

    private void immediates(Instruction in, Row row) {
        defaultSegment(in, DS);
        for (Operand operand : row.operands) {
            int bytes = operand.bytes(in.operandSize);
            switch (operand.place) {
                case IMM, RELATIVE -> in.imm = signed(bytes);
                case IMM2 -> in.imm2 = u8();
                case FAR_POINTER -> {
                    in.imm = unsigned(Math.min(bytes, 4));
                    in.imm2 = unsigned(2);
                }
                case MOFFS -> in.displacement = unsigned(in.addressSize);
                default -> {}
            }
        }
    }

    private long signed(int bytes) {
        return switch (bytes) {
            case 1 -> (byte) u8();
            case 2 -> s16();
            case 4 -> s32();
            default -> unsigned(8);
        };
    }

    private long unsigned(int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) u8() << 8 * i;
        }
        return value;
    }

    private int s16() {
        return (short) unsigned(2);
    }

    private int s32() {
        return (int) unsigned(4);
    }

    private int u8() {
        if (++length > maxLength) {
            throw TooLong.INSTANCE;
        }
        if (pushedBack >= 0) {
            int octet = pushedBack;
            pushedBack = -1;
            return octet;
        }
        return code.next();
    }
}
