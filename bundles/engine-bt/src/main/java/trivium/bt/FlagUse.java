package trivium.bt;

import trivium.x86.decode.Instruction;

/**
 * Which status flags an instruction reads and which it certainly overwrites (SDM Vol. 1, App. A).
 */
final class FlagUse {
    static final int C = 1, P = 2, A = 4, Z = 8, S = 16, O = 32, ALL = 63;

    private static final int[] CONDITION = {O, C, Z, C | Z, S, P, S | O, Z | S | O};

    private FlagUse() {}

    /** What condition code {@code cc} looks at. */
    static int condition(int cc) {
        return CONDITION[cc >>> 1];
    }

    static int reads(Instruction in) {
        return switch (in.mnemonic()) {
            case ADC, SBB, RCL, RCR, CMC, SALC -> C;
            case LAHF -> ALL & ~O;
            case PUSHF, DAA, DAS, AAA, AAS, INTO -> ALL;
            case LOOPE, LOOPNE -> Z;
            case FCMOVB, FCMOVNB -> C;
            case FCMOVE, FCMOVNE -> Z;
            case FCMOVBE, FCMOVNBE -> C | Z;
            case FCMOVU, FCMOVNU -> P;
            default -> {
                int cc = Conditions.of(in.mnemonic());
                yield cc < 0 ? 0 : condition(cc);
            }
        };
    }

    /** Flags whose old values are gone afterwards, undefined ones included. */
    static int overwrites(Instruction in) {
        return switch (in.mnemonic()) {
            case ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST, NEG, MUL, IMUL, XADD, CMPXCHG -> ALL;
            case COMISS, COMISD, UCOMISS, UCOMISD, PTEST, POPCNT -> ALL;
            case FCOMI, FCOMIP, FUCOMI, FUCOMIP -> ALL;
            case PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM -> ALL;
            case INC, DEC -> ALL & ~C;
            case CLC, STC, CMC, BT, BTS, BTR, BTC -> C;
            case SHL, SHR, SAR, SHLD, SHRD -> constantCount(in) > 0 ? ALL : 0;
            case ROL, ROR, RCL, RCR -> constantCount(in) > 0 ? C | O : 0;
            case SAHF -> ALL & ~O;
            default -> 0;
        };
    }

    /** A shift's masked count, or -1 if it is in CL or may change. */
    static int constantCount(Instruction in) {
        if (in.patched) {
            return -1;
        }
        int last = in.row.operands().size() - 1;
        int mask = in.operandSize == 8 && in.bytes(0) == 8 ? 63 : 31;
        return switch (in.operand(last).place()) {
            case IMM -> (int) in.imm & mask;
            case CONSTANT_ONE -> 1;
            default -> -1;
        };
    }
}
