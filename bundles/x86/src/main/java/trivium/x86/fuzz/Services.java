package trivium.x86.fuzz;

import static trivium.x86.fuzz.Layout.*;

import java.util.Random;
import trivium.cpu.CpuModel;

/**
 * The machine code of a small kernel's services, which programs call by INT, SYSCALL and SYSENTER
 * and which return: they change address spaces and pages, and make absent pages of the window
 * present when a program touches them.
 */
final class Services {
    private static final int[] BITS = {1, 2, 4, 0x20, 0x40, 0x1000};
    private static final int PF = 14, PGE = 1 << 7;

    private final byte[] ram;
    private final ImageWriter w;
    private final Board board;
    private final FuzzMode mode;
    private final int bits;

    Services(byte[] ram, Board board) {
        this.ram = ram;
        this.board = board;
        w = new ImageWriter(ram);
        mode = board.mode();
        bits = mode.handlerBits;
    }

    void write(long seed) {
        Random random = new Random(seed ^ 0x5e41ce);
        syscall();
        sysenter();
        for (int i = 0; i < SERVICES; i++) {
            begin(FIRST_SERVICE + i, 2 + i);
            if (bits == 16 || !mode.paging) {
                count();
            } else {
                service(i, random);
            }
            iret();
        }
        if (bits != 16 && mode.paging) {
            pageFault();
        }
    }

    private void service(int number, Random random) {
        switch (number) {
            case 1 -> control(3, OTHER_TABLES);
            case 2 -> {
                if (board.model().atLeast(CpuModel.PENTIUM3)) {
                    control(4, PGE);
                    control(4, PGE);
                } else {
                    count();
                }
            }
            case 3 -> invalidate(CODE + 0x1000);
            case 4 -> {
                int page = WINDOW + (random.nextInt(8) << 12);
                change(page, BITS[random.nextInt(BITS.length)]);
            }
            case 5 -> change(CODE + 0x1000, CODE + 0x1000 ^ OTHER_CODE);
            default -> count();
        }
    }

    /** Leads a vector's stub to a handler. */
    private void begin(int vector, int slot) {
        int handler = SYSTEM_HANDLERS + slot * SYSTEM_HANDLER_BYTES;
        int size = bits == 16 ? 2 : 4;
        w.at(STUBS + vector * STUB_BYTES).bytes(0xe9);
        w.value(size, handler - (w.position() + size)).at(handler);
    }

    private int[] ss() {
        return bits == 64 ? new int[0] : new int[] {0x36};
    }

    private int[] wide() {
        return bits == 64 ? new int[] {0x48} : bits == 16 ? new int[] {0x66} : new int[0];
    }

    private void count() {
        w.bytes(ss()).bytes(wide()).bytes(0xff).memory(bits, 0, INTERRUPTS);
    }

    private void iret() {
        w.bytes(bits == 64 ? new int[] {0x48, 0xcf} : new int[] {0xcf});
    }

    private void syscall() {
        w.at(SYSTEM_HANDLERS);
        count();
        w.bytes(0x48, 0x0f, 0x07);
    }

    private void sysenter() {
        w.at(SYSTEM_HANDLERS + SYSTEM_HANDLER_BYTES);
        count();
        if (mode.codeBits == 64) {
            w.bytes(0x48);
        }
        w.bytes(0x0f, 0x35);
    }

    /** CRn ^= bits. */
    private void control(int register, int turned) {
        int modRm = 0xc0 | register << 3;
        w.bytes(0x50, 0x0f, 0x20, modRm, 0x35).value(4, turned);
        w.bytes(0x0f, 0x22, modRm, 0x58);
    }

    private void invalidate(int linear) {
        w.bytes(ss()).bytes(0x0f, 0x01).memory(bits, 7, linear);
    }

    /** Turns bits of a page's entry in both spaces. */
    private void change(int linear, int turned) {
        for (int space = 0; space <= OTHER_TABLES; space += OTHER_TABLES) {
            w.bytes(ss()).bytes(0x81).memory(bits, 6, board.entryOf(linear >>> 12) + space);
            w.value(4, turned);
        }
        invalidate(linear);
    }

    /** Makes an absent page of the window present, and lets the program go on. */
    private void pageFault() {
        byte[] stub =
                java.util.Arrays.copyOfRange(
                        ram, STUBS + PF * STUB_BYTES, STUBS + (PF + 1) * STUB_BYTES);
        begin(PF, 2 + SERVICES);
        int word = bits / 8;
        w.bytes(0xf6, 0x44, 0x24, 0, 1); // test byte [esp], 1: present
        w.bytes(0x75, 0); // to what the stub did
        int present = w.position();
        w.bytes(0x50, 0x0f, 0x20, 0xd0); // push eax; mov eax, cr2
        w.bytes(wide()).bytes(0xc1, 0xe8, 12); // shr
        w.bytes(wide()).bytes(0x83, 0xe8, WINDOW >>> 12); // sub
        w.bytes(wide()).bytes(0x83, 0xf8, 8, 0x73, 0); // cmp; jae
        int elsewhere = w.position();
        for (int space = 0; space <= OTHER_TABLES; space += OTHER_TABLES) {
            w.bytes(ss()).bytes(0x80, 0x0c, board.pae() ? 0xc5 : 0x85); // or byte [eax * 8 + …], 1
            w.value(4, board.entryOf(WINDOW >>> 12) + space).bytes(1);
        }
        w.bytes(0x58).bytes(wide()).bytes(0x83, 0xc4, word); // pop eax; add esp
        iret();
        ram[elsewhere - 1] = (byte) (w.position() - elsewhere);
        w.bytes(0x58);
        ram[present - 1] = (byte) (w.position() - present);
        old(stub);
    }

    /** The stub's own code, with its jump moved. */
    private void old(byte[] stub) {
        int jump = 0;
        while ((stub[jump] & 0xff) != 0xe9) {
            w.bytes(stub[jump++]);
        }
        w.bytes(0xe9).value(4, COMMON - (w.position() + 4));
    }
}
