package trivium.x86.decode;

/**
 * Which of the six status flags an instruction writes and which it leaves undefined (SDM Vol. 1,
 * App. A "EFLAGS Cross-Reference", and the instructions' own pages). Processors, even of one maker,
 * differ in undefined flags. A shift's count is known only when it runs: RCX then tells it.
 */
public final class StatusFlags {
    public static final int CF = 1, PF = 1 << 2, AF = 1 << 4, ZF = 1 << 6, SF = 1 << 7;
    public static final int OF = 1 << 11, ALL = CF | PF | AF | ZF | SF | OF;

    private StatusFlags() {}

    /** Flags that are undefined after the instruction. */
    public static int undefined(Instruction in, long rcx) {
        if (in.row == null) {
            return 0;
        }
        return switch (in.mnemonic()) {
            case AND, OR, XOR, TEST -> AF;
            case MUL, IMUL -> SF | ZF | AF | PF;
            case DIV, IDIV -> ALL;
            case BSF, BSR -> ALL & ~ZF;
            case BT, BTS, BTR, BTC -> OF | SF | AF | PF;
            case AAA, AAS -> OF | SF | ZF | PF;
            case AAD, AAM -> OF | AF | CF;
            case DAA, DAS -> OF;
            case SHL, SHR, SAR, SHLD, SHRD -> shift(in, count(in, rcx));
            case ROL, ROR, RCL, RCR -> count(in, rcx) > 1 ? OF : 0;
            default -> 0;
        };
    }

    private static int shift(Instruction in, int count) {
        if (count == 0) {
            return 0;
        }
        boolean doubled = in.mnemonic() == Mnemonic.SHLD || in.mnemonic() == Mnemonic.SHRD;
        int bits = in.bytes(0) * 8;
        if (doubled && count > bits) {
            return ALL;
        }
        boolean carryLost = in.mnemonic() != Mnemonic.SAR && count >= bits;
        return AF | (count > 1 ? OF : 0) | (carryLost ? CF : 0);
    }

    private static int count(Instruction in, long rcx) {
        int mask = in.row.operands().getFirst().bytes(in.operandSize) == 8 ? 63 : 31;
        return (int) count(in.operand(in.row.operands().size() - 1), in, rcx) & mask;
    }

    private static long count(Operand operand, Instruction in, long rcx) {
        return switch (operand.place()) {
            case CONSTANT_ONE -> 1;
            case COUNT -> rcx;
            default -> in.imm;
        };
    }

    /** Flags that the instruction sets to what the manual says. */
    public static int defined(Instruction in, long rcx) {
        if (in.row == null) {
            return 0;
        }
        return switch (in.mnemonic()) {
            case ADD, ADC, SUB, SBB, CMP, NEG, XADD, CMPXCHG, CMPS, SCAS, POPF, IRET -> ALL;
            case AND, OR, XOR, TEST -> ALL & ~AF;
            case INC, DEC -> ALL & ~CF;
            case MUL, IMUL -> CF | OF;
            case SAHF -> ALL & ~OF;
            case STC, CLC, CMC, BT, BTS, BTR, BTC -> CF;
            case BSF, BSR -> ZF;
            case SHL, SHR, SAR -> count(in, rcx) == 0 ? 0 : ALL & ~undefined(in, rcx);
            case ROL, ROR, RCL, RCR -> count(in, rcx) == 0 ? 0 : (CF | OF) & ~undefined(in, rcx);
            default -> 0;
        };
    }
}
