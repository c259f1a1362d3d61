package trivium.x86.decode;

import java.util.StringJoiner;

/** Writes decoded instructions in Intel syntax. */
public final class Disassembler {
    private static final String[] NAMES = {
        "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15"
    };
    private static final String[] LOW = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
    private static final String[] HIGH = {"ah", "ch", "dh", "bh"};
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};

    private Disassembler() {}

    /** One line without address, such as {@code lock add dword ptr ds:[ebx+8], 0x10}. */
    public static String text(Instruction in) {
        if (in.row == null) {
            return "(bad)";
        }
        if (in.opcode == 0x90 && (in.rex & 1) == 0 && !in.lock) {
            return in.rep == Instruction.REP ? "pause" : "nop";
        }
        StringBuilder out = new StringBuilder();
        if (in.lock) {
            out.append("lock ");
        }
        if (in.rep != 0 && in.row.prefix() == Row.ANY) {
            out.append(in.rep == Instruction.REP ? "rep " : "repne ");
        }
        out.append(in.mnemonic().text());
        StringJoiner operands = new StringJoiner(", ", " ", "").setEmptyValue("");
        for (int i = 0; i < in.row.operands().size(); i++) {
            operands.add(operand(in, i));
        }
        return out.append(operands).toString();
    }

    private static String operand(Instruction in, int i) {
        Operand operand = in.operand(i);
        int bytes = in.bytes(i);
        return switch (operand.place()) {
            case RM ->
                    in.isRegisterForm()
                            ? register(in, in.rm, registerBytes(operand, bytes))
                            : memory(in, bytes);
            case REG -> register(in, in.reg, bytes);
            case OPCODE -> register(in, in.register(i), bytes);
            case ACCUMULATOR -> bytes == 1 ? "al" : register(in, 0, bytes);
            case COUNT -> "cl";
            case PORT -> "dx";
            case CONSTANT_ONE -> "1";
            case IMM -> hex(in.imm, in.operandSize);
            case IMM2 -> hex(in.imm2, 8);
            case RELATIVE -> hex(in.ip + in.length + in.imm, in.mode / 8);
            case FAR_POINTER -> "%#x:%#x".formatted(in.imm2, in.imm);
            case MOFFS, MEMORY -> memory(in, operand == Operand.M ? 0 : bytes);
            case STRING_SOURCE -> size(bytes) + segment(in) + "[" + address(in, 6) + "]";
            case STRING_TARGET -> size(bytes) + "es:[" + address(in, 7) + "]";
            case SEGMENT -> (in.reg & 7) < 6 ? SEGMENTS[in.reg & 7] : "(bad)";
            case FIXED_SEGMENT -> operand.name().toLowerCase(java.util.Locale.ROOT);
            case CONTROL -> "cr" + in.reg;
            case DEBUG -> "dr" + in.reg;
            case MMX_REG -> "mm" + (in.reg & 7);
            case MMX_RM -> in.isRegisterForm() ? "mm" + (in.rm & 7) : memory(in, bytes);
            case XMM_REG -> "xmm" + in.reg;
            case XMM_RM -> in.isRegisterForm() ? "xmm" + in.rm : memory(in, bytes);
            case X87_TOP -> "st";
            case X87_RM -> "st(" + (in.rm & 7) + ")";
        };
    }

    private static int registerBytes(Operand operand, int bytes) {
        return operand == Operand.RdMb || operand == Operand.RdMw ? 4 : bytes;
    }

    private static String address(Instruction in, int register) {
        return register(in, register, in.addressSize);
    }

    private static String register(Instruction in, int n, int bytes) {
        if (bytes == 1) {
            if (n >= 4 && n < 8) {
                return in.rex == 0 ? HIGH[n - 4] : LOW[n];
            }
            return n < 8 ? LOW[n] : NAMES[n] + "b";
        }
        String name = NAMES[n];
        return switch (bytes) {
            case 2 -> n < 8 ? name : name + "w";
            case 4 -> n < 8 ? "e" + name : name + "d";
            default -> n < 8 ? "r" + name : name;
        };
    }

    private static String memory(Instruction in, int bytes) {
        StringJoiner sum = new StringJoiner("+");
        if (in.ripRelative) {
            sum.add(hex(in.ip + in.length + in.displacement, 8));
        } else {
            if (in.base != Instruction.NO_REGISTER) {
                sum.add(address(in, in.base));
            }
            if (in.index != Instruction.NO_REGISTER) {
                sum.add(address(in, in.index) + (in.scale == 0 ? "" : "*" + (1 << in.scale)));
            }
        }
        String inside = sum.toString();
        if (!in.ripRelative && (in.displacement != 0 || inside.isEmpty())) {
            inside =
                    in.displacement < 0 && !inside.isEmpty()
                            ? inside + "-" + hex(-in.displacement, 8)
                            : inside
                                    + (inside.isEmpty() ? "" : "+")
                                    + hex(in.displacement, in.addressSize);
        }
        return size(bytes) + segment(in) + "[" + inside + "]";
    }

    private static String segment(Instruction in) {
        return in.segmentOverride ? SEGMENTS[in.segment] + ":" : "";
    }

    private static String size(int bytes) {
        return switch (bytes) {
            case 1 -> "byte ptr ";
            case 2 -> "word ptr ";
            case 4 -> "dword ptr ";
            case 8 -> "qword ptr ";
            case 10 -> "tbyte ptr ";
            case 16 -> "xmmword ptr ";
            default -> "";
        };
    }

    private static String hex(long value, int bytes) {
        long mask = bytes >= 8 ? -1 : (1L << 8 * bytes) - 1;
        return "%#x".formatted(value & mask);
    }
}
