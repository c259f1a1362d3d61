package trivium.x86.interp;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand.Place;

/** What is to be known of instructions in code that is stored to again and again. */
public final class Patches {
    private Patches() {}

    /**
     * Whether an instruction certainly stores to no memory and goes on behind itself or jumps, so
     * that what follows it is as it was.
     */
    public static boolean leavesMemory(Instruction in) {
        if (in.row == null || in.lock || in.rep != 0) {
            return false;
        }
        return switch (in.mnemonic()) {
            case ADD, OR, ADC, SBB, AND, SUB, XOR, MOV, MOVZX, MOVSX, MOVSXD, INC, DEC, NEG, NOT ->
                    isGeneral(in, 0);
            case ROL, ROR, RCL, RCR, SHL, SHR, SAR -> isGeneral(in, 0);
            case IMUL -> in.row.operands().size() > 1;
            case CMP, TEST, LEA, NOP, CBW, CWD, BSWAP -> true;
            default -> false;
        };
    }

    /**
     * How many bytes at the end of an instruction are an immediate that translated code may read
     * when it runs; 0: none. The instruction's other operands are general registers.
     */
    public static int immediateBytes(Instruction in) {
        if (!leavesMemory(in) || in.row.operands().size() < 2) {
            return 0;
        }
        int last = in.row.operands().size() - 1;
        if (in.operand(last).place() != Place.IMM) {
            return 0;
        }
        for (int i = 0; i < last; i++) {
            if (!isGeneral(in, i)) {
                return 0;
            }
        }
        return switch (in.mnemonic()) {
            case ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, MOV, IMUL -> in.bytes(last);
            // The count comes to CL.
            case ROL, ROR, RCL, RCR, SHL, SHR, SAR -> in.rm == 1 ? 0 : in.bytes(last);
            default -> 0;
        };
    }

    /** Whether an operand is a general register, other than AH to BH. */
    private static boolean isGeneral(Instruction in, int i) {
        return switch (in.operand(i).place()) {
            case REG, OPCODE, ACCUMULATOR -> !in.isHighByte(i);
            case RM -> in.isRegisterForm() && !in.isHighByte(i);
            default -> false;
        };
    }
}
