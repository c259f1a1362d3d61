package trivium.x86.fuzz;

import static trivium.x86.fuzz.Layout.*;

import java.util.Random;
import trivium.cpu.VcpuState;
import trivium.x86.decode.Row;

/**
 * What guests do to trip up a translator: code that changes itself, jumps into instructions, stacks
 * in device registers and across pages, changed page tables, interrupts, odd instructions.
 */
final class Awkward {
    private static final int[] ODD_STACKS = {
        FuzzMemory.MMIO + 0x804, WINDOW + 0x1004, WINDOW + 0x3002, FuzzMemory.ROM + 8, ABSENT + 8
    };

    private final Random random;
    private final FuzzMode mode;
    private final Board board;
    private final Pointers pointers;
    private final Encoder encoder;
    private final RowPool pool;
    private final int bits;

    Awkward(Random random, Board board, Pointers pointers, Encoder encoder, RowPool pool) {
        this.random = random;
        this.board = board;
        this.mode = board.mode();
        this.pointers = pointers;
        this.encoder = encoder;
        this.pool = pool;
        bits = mode.codeBits;
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    /**
     * An instruction with an absolute address in SS, whose base is 0.
     *
     * @param wide a doubleword also in 16-bit code
     */
    Piece absolute(Piece p, boolean wide, int opcode, int reg, int address) {
        switch (bits) {
            case 16 -> {
                p.add(0x36);
                if (wide) {
                    p.add(0x66);
                }
                p.add(opcode, 6 | reg << 3).value(2, address);
            }
            case 32 -> p.add(0x36, opcode, 5 | reg << 3).value(4, address);
            default -> p.add(opcode, 4 | reg << 3, 0x25).value(4, address);
        }
        return p;
    }

    void setStack(Piece p, int sp) {
        if (bits == 64) {
            p.add(0x48, 0xc7, 0xc4).value(4, sp);
        } else {
            p.add(0xbc).value(bits == 16 ? 2 : 4, sp);
        }
    }

    void fill(Piece p, Piece label) {
        switch (random.nextInt(14)) {
            case 0, 1, 2 -> modifyCode(p, label);
            case 3 -> jumpInside(p, label);
            case 4 -> oddStack(p);
            case 5 -> changePage(p);
            case 6 -> p.add(0xb0, random.nextInt(256), 0xe6, FuzzVcpu.INTERRUPT_PORT);
            case 7 -> ports(p);
            case 8 -> flags(p);
            case 9 -> p.add(0xfa + random.nextInt(2));
            case 10 -> randomBytes(p);
            case 11 -> p.append(encoder.encode(RowPool.pick(pool.seldom, random)));
            case 12 -> changePointer(p);
            default -> segmentOrTrap(p);
        }
    }

    /** Stores into an instruction, directly or by way of another page. */
    private void modifyCode(Piece p, Piece label) {
        int opcode = oneIn(2) ? 0xc6 : 0xc7;
        long shift = random.nextInt(8);
        if (mode.paging && oneIn(4)) {
            shift += CODE_ALIAS - CODE;
        }
        if (bits == 64) {
            p.add(opcode, 4, 0x25);
        } else {
            p.add(0x64, opcode, bits == 16 ? 6 : 5);
        }
        p.hole(bits == 16 ? 2 : 4, Piece.Base.CODE, label, shift);
        int size = opcode == 0xc6 ? 1 : bits == 16 ? 2 : 4;
        p.value(size, oneIn(3) ? 0x9090_9090L : random.nextInt());
    }

    private void jumpInside(Piece p, Piece label) {
        p.add(0xe9).hole(bits == 16 ? 2 : 4, Piece.Base.RELATIVE, label, 1 + random.nextInt(3));
    }

    private void oddStack(Piece p) {
        if (bits == 16) {
            setStack(p, oneIn(2) ? 1 : 0x7001);
        } else {
            setStack(p, ODD_STACKS[random.nextInt(ODD_STACKS.length)]);
        }
        p.add(0x50 | random.nextInt(8), 0x50, 0x58 | random.nextInt(3), 0x59);
        setStack(p, bits == 16 ? STACK16 : STACK);
    }

    /** Turns bits of a page table entry and drops the old one from the TLB. */
    private void changePage(Piece p) {
        if (!mode.paging || mode.user) {
            changePointer(p);
            return;
        }
        int page = (WINDOW >>> 12) + random.nextInt(8);
        boolean pae = board.pae();
        int entry = board.lastTable() + (pae ? 8 : 4) * page;
        int[] turned = {1, 2, 4, 0x1000, 0x40, 0x20};
        absolute(p, true, 0x81, 6, entry).value(4, turned[random.nextInt(turned.length)]);
        if (bits == 64) {
            p.add(0x0f, 0x01, 0x3c, 0x25).value(4, (long) page << 12);
        } else {
            p.add(0x36, 0x0f, 0x01, 0x3d).value(4, (long) page << 12);
        }
    }

    private void ports(Piece p) {
        switch (random.nextInt(3)) {
            case 0 -> p.add(0xe4 | random.nextInt(4), random.nextInt(0x50));
            case 1 -> p.add(0xec | random.nextInt(4));
            default -> {
                p.add(0xb8 | VcpuState.RCX).value(bits == 16 ? 2 : 4, random.nextInt(6));
                p.add(0xf3, 0x6c | random.nextInt(4));
            }
        }
    }

    private void flags(Piece p) {
        int value = random.nextInt() & 0xcd5 | (oneIn(8) ? 0x100 : 0) | random.nextInt(2) << 9;
        switch (random.nextInt(3)) {
            case 0 -> p.add(0x9c, 0x58);
            case 1 -> p.add(0x68).value(bits == 16 ? 2 : 4, value).add(0x9d);
            default -> p.add(0x9c, 0x9d);
        }
    }

    private void randomBytes(Piece p) {
        for (int n = 1 + random.nextInt(6); n > 0; n--) {
            p.add(random.nextInt(256));
        }
    }

    /** A pointer goes elsewhere, to the code for instance. */
    private void changePointer(Piece p) {
        int register = new int[] {VcpuState.RBX, VcpuState.RSI, VcpuState.RDI}[random.nextInt(3)];
        long target =
                switch (random.nextInt(5)) {
                    case 0 -> mode.codeOffset() + random.nextInt(0x200);
                    case 1 -> FuzzMemory.MMIO + random.nextInt(0x1000);
                    case 2 -> FuzzMemory.END - 8 + random.nextInt(16);
                    default -> pointers.somewhere();
                };
        p.add(0xb8 | register);
        p.value(bits == 16 ? 2 : 4, target - (bits == 64 ? 0 : pointers.dataBase()));
    }

    private void segmentOrTrap(Piece p) {
        switch (random.nextInt(4)) {
            case 0 -> {
                if (bits != 64) {
                    p.add(0x16 | random.nextInt(2) << 3, 0x07); // PUSH SS or DS, POP ES
                }
            }
            case 1 -> p.add(0xcd, 0x20 + random.nextInt(16));
            case 2 -> p.add(0x8c, 0xd8, 0x8e, 0xc0); // MOV EAX, DS; MOV ES, EAX
            default -> {
                Row row = RowPool.pick(pool.seldom, random);
                p.append(encoder.encode(row));
            }
        }
    }
}
