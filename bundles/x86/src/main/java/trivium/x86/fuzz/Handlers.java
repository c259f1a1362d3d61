package trivium.x86.fuzz;

import static trivium.x86.fuzz.Layout.*;

import trivium.cpu.VcpuState;

/**
 * The machine code of the exception handlers: each exception adds all registers, the frame and the
 * vector to sums in memory, then puts pointers and stack in order and goes on at the program's
 * tail. So a fault's exact state counts, and the program still runs many times.
 */
final class Handlers {
    private static final int FRAME_WORDS = 6, FRAME_WORDS_16 = 3;

    private final ImageWriter w;
    private final FuzzMode mode;
    private final int bits;

    Handlers(byte[] image, FuzzMode mode) {
        w = new ImageWriter(image);
        this.mode = mode;
        bits = mode.handlerBits;
    }

    /**
     * @param tail offset of the program's tail in its code segment
     * @param registers what pointers are set to; -1 for registers that stay
     * @param flags of the program when it goes on
     */
    void write(long tail, long[] registers, VcpuState initial, int flags) {
        for (int vector = 0; vector < 256; vector++) {
            w.at(STUBS + vector * STUB_BYTES);
            if (vector == FuzzVcpu.INTERRUPT_VECTOR) {
                interrupt();
            } else {
                stub(vector);
            }
        }
        w.at(COMMON);
        w.bytes(ss()).bytes(0x80).memory(bits, 7, VECTOR).bytes(FINISH_VECTOR);
        w.bytes(0x75, 2, 0xfa, 0xf4);
        for (int i = 0; i < (bits == 64 ? 16 : 8); i++) {
            collect(i, i);
        }
        int words = bits == 16 ? FRAME_WORDS_16 : FRAME_WORDS;
        for (int i = 0; i < words; i++) {
            w.bytes(0x58);
            collect(0, 16 + i);
        }
        for (int i = 0; i < registers.length; i++) {
            if (registers[i] != -1 && (bits == 64 || i < 8)) {
                load(i, registers[i]);
            }
        }
        resume(tail, initial, flags);
    }

    private int[] ss() {
        return bits == 64 ? new int[0] : new int[] {0x36};
    }

    private void stub(int vector) {
        w.bytes(ss()).bytes(0xc6).memory(bits, 0, VECTOR).bytes(vector).bytes(0xe9);
        int size = bits == 16 ? 2 : 4;
        w.value(size, COMMON - (w.position() + size));
    }

    private void interrupt() {
        w.bytes(ss()).bytes(wide()).bytes(0xff).memory(bits, 0, INTERRUPTS);
        w.bytes(bits == 64 ? new int[] {0x48, 0xcf} : new int[] {0xcf});
    }

    private int[] wide() {
        return bits == 16 ? new int[] {0x66} : bits == 64 ? new int[] {0x48} : new int[0];
    }

    /** seen[slot] = rol(seen[slot] ^ register, 5) */
    private void collect(int register, int slot) {
        int at = SEEN + 8 * slot;
        w.bytes(ss());
        w.bytes(bits == 64 ? new int[] {0x48 | register >> 3 << 2} : wide());
        w.bytes(0x31).memory(bits, register & 7, at);
        w.bytes(ss()).bytes(wide()).bytes(0xc1).memory(bits, 0, at).bytes(5);
    }

    private void load(int register, long value) {
        if (bits == 64) {
            w.bytes(0x48 | register >> 3, 0xb8 | register & 7).value(8, value);
        } else {
            w.bytes(wide()).bytes(0xb8 | register).value(4, value);
        }
    }

    private void resume(long tail, VcpuState initial, int flags) {
        long sp = initial.gpr[VcpuState.RSP];
        load(VcpuState.RSP, mode.user ? STACK0 : sp);
        if (mode == FuzzMode.VIRTUAL8086) {
            push(initial.segments[VcpuState.GS].selector);
            push(initial.segments[VcpuState.FS].selector);
            push(initial.segments[VcpuState.DS].selector);
            push(initial.segments[VcpuState.ES].selector);
        }
        if (mode.user || bits == 64) {
            push(initial.segments[VcpuState.SS].selector);
            push(sp);
        }
        push(flags);
        push(initial.segments[VcpuState.CS].selector);
        push(tail);
        w.bytes(bits == 64 ? new int[] {0x48, 0xcf} : new int[] {0xcf});
    }

    private void push(long value) {
        w.bytes(0x68).value(bits == 16 ? 2 : 4, value);
    }
}
