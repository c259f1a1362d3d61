package trivium.x86.fuzz;

import trivium.cpu.VcpuState;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand;

/**
 * Follows which status flags the manual leaves undefined (SDM Vol. 1, App. A "EFLAGS
 * Cross-Reference"), and whether a program looks at one: what happens then may differ between
 * engines.
 */
final class UndefinedFlags {
    private static final int CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800;
    private static final int ALL = CF | PF | AF | ZF | SF | OF;

    /** By condition code without its lowest bit. */
    private static final int[] CONDITION = {OF, CF, ZF, CF | ZF, SF, PF, SF | OF, ZF | SF | OF};

    private int undefined, before;
    private boolean used;

    /** Undefined now. */
    int undefined() {
        return undefined;
    }

    boolean used() {
        return used;
    }

    /** The last instruction ended in an exception, whose frame has all flags. */
    void exception() {
        used |= (undefined | before) != 0;
    }

    /** Whether a random program should define flags after such an instruction. */
    static boolean leavesUndefined(Mnemonic m) {
        return switch (m) {
            case AND, OR, XOR, TEST, SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD -> true;
            case MUL, IMUL, DIV, IDIV, BSF, BSR, BT, BTS, BTR, BTC -> true;
            case AAA, AAS, AAM, AAD, DAA, DAS -> true;
            default -> false;
        };
    }

    /** Whether an instruction looks at flags that are undefined now. */
    boolean wouldUse(Instruction in) {
        return (reads(in) & undefined) != 0;
    }

    /** Follows one instruction that is about to run. */
    void step(Instruction in, VcpuState s) {
        before = undefined;
        if (in.row == null) {
            return;
        }
        used |= (reads(in) & undefined) != 0;
        int changed = writes(in, s);
        undefined = undefined & ~(changed & ALL) | changed >>> 16;
    }

    private static int reads(Instruction in) {
        Mnemonic m = in.mnemonic();
        String name = m.name();
        int opcode = in.opcode;
        boolean conditional =
                opcode >= 0x70 && opcode < 0x80
                        || opcode >= 0x0f80 && opcode < 0x0fa0
                        || opcode >= 0x0f40 && opcode < 0x0f50;
        if (conditional) {
            return CONDITION[opcode >>> 1 & 7];
        }
        if (name.startsWith("FCMOV")) {
            return CF | ZF | PF;
        }
        return switch (m) {
            case ADC, SBB, RCL, RCR, CMC, SALC -> CF;
            case LOOPE, LOOPNE -> ZF;
            case LAHF -> SF | ZF | AF | PF | CF;
            case PUSHF, INT, INT3, INT1, SYSCALL -> ALL;
            case INTO -> OF;
            case AAA, AAS, DAA, DAS -> AF | CF;
            default -> 0;
        };
    }

    private static int undefinedOf(int defined, int undefined) {
        return defined | undefined | undefined << 16;
    }

    /** Flags written in bits 0 to 11; those of them that are undefined again from bit 16. */
    private static int writes(Instruction in, VcpuState s) {
        return switch (in.mnemonic()) {
            case ADD, ADC, SUB, SBB, CMP, NEG, XADD, CMPXCHG, POPF, IRET, POPCNT, PTEST -> ALL;
            case CMPS, SCAS -> in.rep == 0 ? ALL : 0;
            case COMISS, COMISD, UCOMISS, UCOMISD, FCOMI, FCOMIP, FUCOMI, FUCOMIP -> ZF | PF | CF;
            case PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM -> ALL;
            case AND, OR, XOR, TEST -> undefinedOf(ALL & ~AF, AF);
            case INC, DEC -> ALL & ~CF;
            case SHL, SHR, SAR -> shift(in, s);
            case ROL, ROR, RCL, RCR -> rotate(in, s);
            case SHLD, SHRD -> doubleShift(in, s);
            case MUL, IMUL -> undefinedOf(CF | OF, SF | ZF | AF | PF);
            case DIV, IDIV -> undefinedOf(0, ALL);
            case BSF, BSR -> undefinedOf(ZF, CF | OF | SF | AF | PF);
            case BT, BTS, BTR, BTC -> undefinedOf(CF, OF | SF | AF | PF);
            case AAA, AAS -> undefinedOf(AF | CF, OF | SF | ZF | PF);
            case AAM, AAD -> undefinedOf(SF | ZF | PF, OF | AF | CF);
            case DAA, DAS -> undefinedOf(ALL & ~OF, OF);
            case SAHF -> SF | ZF | AF | PF | CF;
            case STC, CLC, CMC -> CF;
            case CMPXCHG8B, LAR, LSL, VERR, VERW, ARPL -> ZF;
            default -> 0;
        };
    }

    private static int count(Instruction in, VcpuState s) {
        int last = in.row.operands().size() - 1;
        Operand operand = in.operand(last);
        int mask = in.operandSize == 8 && in.bytes(0) == 8 ? 63 : 31;
        return switch (operand.place()) {
            case COUNT -> (int) s.gpr[VcpuState.RCX] & mask;
            case CONSTANT_ONE -> 1;
            default -> (int) in.imm & mask;
        };
    }

    private static int shift(Instruction in, VcpuState s) {
        int count = count(in, s);
        if (count == 0) {
            return 0;
        }
        int undefined = AF | (count > 1 ? OF : 0) | (count >= 8 * in.bytes(0) ? CF : 0);
        return undefinedOf(ALL, undefined);
    }

    private static int rotate(Instruction in, VcpuState s) {
        int count = count(in, s);
        return count == 0 ? 0 : count == 1 ? CF | OF : undefinedOf(CF, OF);
    }

    private static int doubleShift(Instruction in, VcpuState s) {
        int count = count(in, s);
        if (count == 0) {
            return 0;
        }
        int undefined = AF | (count > 1 ? OF : 0);
        return undefinedOf(ALL, count > 8 * in.bytes(0) ? ALL : undefined);
    }

    /** Whether even the instruction's result is undefined, not just flags. */
    static boolean undefinedResult(Instruction in, VcpuState s) {
        return switch (in.mnemonic()) {
            case SHLD, SHRD -> count(in, s) > 8 * in.bytes(0);
            case BSWAP -> in.operandSize == 2;
            default -> false;
        };
    }
}
