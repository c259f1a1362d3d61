package trivium.bt;

import static trivium.cpu.VcpuState.RBP;
import static trivium.cpu.VcpuState.RBX;

import java.util.List;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand.Place;

/**
 * A block that jumps to its own start. In 64-bit code, while it loops, guest registers that it uses
 * and that have no host register borrow those of guest registers that it does not use. Its accesses
 * have entries of {@link InlineTlb}.
 */
final class Loop {
    /** Guest registers that no instruction uses but as it says. */
    private static final int[] LENDERS = {RBP, RBX, 9, 8};

    private static final int FIRST_HOMELESS = 10;

    /** Fewer uses are not worth the exchange at both ends. */
    private static final int MIN_USES = 2;

    private final int[] uses = new int[16];

    private Loop() {}

    /**
     * Host registers by guest register within the loop.
     *
     * @param spare a host register that is free in this block, or -1
     */
    static int[] map(List<Instruction> list, Mode mode, int spare) {
        if (!mode.is64()) {
            return Gen.canonical();
        }
        Loop loop = new Loop();
        for (Instruction in : list) {
            if (!loop.count(in)) {
                return Gen.canonical();
            }
        }
        return loop.exchange(spare);
    }

    /** Whether the block's last instruction jumps to its first. */
    static boolean closes(List<Instruction> list) {
        Instruction end = list.getLast();
        return end.row != null
                && !end.row.operands().isEmpty()
                && end.operand(0).place() == Place.RELATIVE
                && end.mnemonic() != Mnemonic.CALL
                && Flow.target(end) == list.getFirst().ip;
    }

    /**
     * @return false if it is not known what registers an instruction uses
     */
    private boolean count(Instruction in) {
        if (in.row == null || !Groups.followed(in)) {
            return false;
        }
        if (in.mnemonic() == Mnemonic.LEAVE) {
            uses[RBP]++;
        }
        if (!in.isRegisterForm()) {
            use(in.base);
            use(in.index);
        }
        for (int i = 0; i < in.row.operands().size(); i++) {
            switch (in.operand(i).place()) {
                case RM -> {
                    if (in.isRegisterForm()) {
                        use(in.wholeRegister(i));
                    }
                }
                case REG, OPCODE -> use(in.wholeRegister(i));
                default -> {}
            }
        }
        return true;
    }

    private void use(int register) {
        if (register != Instruction.NO_REGISTER && register < 16) {
            uses[register]++;
        }
    }

    private int[] exchange(int spare) {
        int[] map = Gen.canonical();
        int lender = 0;
        int free = spare;
        for (int wants = next(); wants >= 0; wants = next()) {
            int host = free;
            free = -1;
            while (host < 0 && lender < LENDERS.length) {
                int r = LENDERS[lender++];
                if (uses[r] == 0) {
                    host = map[r];
                    map[r] = -1;
                }
            }
            if (host < 0) {
                break;
            }
            map[wants] = host;
            uses[wants] = 0;
        }
        return map;
    }

    /** The homeless register that is used most. */
    private int next() {
        int most = -1;
        for (int r = FIRST_HOMELESS; r < 16; r++) {
            if (uses[r] >= MIN_USES && (most < 0 || uses[r] > uses[most])) {
                most = r;
            }
        }
        return most;
    }
}
