package trivium.x86.fuzz;

import java.util.Random;
import trivium.cpu.VcpuState;

/** The registers that programs use as pointers, and where they point. */
final class Pointers {
    private static final int[] LEGACY = {
        VcpuState.RBX, VcpuState.RBP, VcpuState.RSI, VcpuState.RDI
    };
    private static final int[] WIDE = {
        VcpuState.RBX, VcpuState.RBP, VcpuState.RSI, VcpuState.RDI, 10, 13, 14
    };

    private final Random random;
    private final int[] registers;
    private final long dataBase;
    private final long[] values = new long[16];

    Pointers(Random random, int codeBits, long dataBase) {
        this.random = random;
        this.dataBase = dataBase;
        registers = codeBits == 64 ? WIDE : LEGACY;
        java.util.Arrays.fill(values, -1);
        for (int register : registers) {
            values[register] = somewhere() - dataBase;
        }
        // BP goes through SS, whose base is 0.
        values[VcpuState.RBP] = codeBits == 16 ? 0x7c00 + random.nextInt(0x200) : somewhere();
    }

    /** By register; -1 for those that are not pointers. */
    long[] values() {
        return values;
    }

    long dataBase() {
        return dataBase;
    }

    boolean isPointer(int register) {
        return values[register] != -1 || register == VcpuState.RSP;
    }

    int any() {
        return registers[random.nextInt(registers.length)];
    }

    /** A linear address in the window: aligned, near the end of a page, or any. */
    long somewhere() {
        long page = Layout.WINDOW + (random.nextInt(8) << 12);
        return page
                + switch (random.nextInt(5)) {
                    case 0 -> 0xff0 + random.nextInt(16);
                    case 1 -> random.nextInt(0x1000);
                    default -> random.nextInt(0x100) << 4;
                };
    }
}
