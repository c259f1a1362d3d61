package trivium.x86.fuzz;

import java.util.Random;
import trivium.x86.decode.Operand;
import trivium.x86.decode.Row;

/** Writes random instances of opcode rows: any operand size, addressing mode and prefix. */
final class Encoder {
    private final Random random;
    private final int bits;
    private final Pointers pointers;

    // Of the instruction under way.
    private int operandSize, addressSize, rex;
    private boolean highByte;

    Encoder(Random random, int bits, Pointers pointers) {
        this.random = random;
        this.bits = bits;
        this.pointers = pointers;
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    Piece encode(Row row) {
        Piece p = new Piece();
        prefixes(p, row);
        Piece rest = new Piece();
        operands(rest, row);
        if (bits == 64 && (rex != 0 || !highByte && oneIn(12))) {
            p.add(0x40 | rex);
        }
        opcode(p, row);
        return p.append(rest);
    }

    private void prefixes(Piece p, Row row) {
        rex = 0;
        highByte = false;
        boolean free = row.prefix() == Row.ANY;
        boolean small = free && oneIn(4);
        boolean otherAddress = oneIn(24);
        addressSize = bits == 16 ? otherAddress ? 32 : 16 : bits == 32 && otherAddress ? 16 : bits;
        addressSize = bits == 64 && otherAddress ? 32 : addressSize;
        if (otherAddress) {
            p.add(0x67);
        }
        if (oneIn(24)) {
            p.add(new int[] {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65}[random.nextInt(6)]);
        }
        if (row.is(Row.Attribute.LOCKABLE) && oneIn(12)) {
            p.add(0xf0);
        }
        operandSize = bits == 16 ? small ? 4 : 2 : small ? 2 : 4;
        if (small) {
            p.add(0x66);
        } else if (row.prefix() > 0) {
            p.add(row.prefix());
        }
        if (bits == 64 && random.nextInt(5) < 2) {
            rex = 8;
            operandSize = 8;
        } else if (bits == 64
                && operandSize == 4
                && (row.is(Row.Attribute.DEFAULT_64) || row.is(Row.Attribute.FORCE_64))) {
            operandSize = 8;
        }
    }

    private static void opcode(Piece p, Row row) {
        int opcode = row.opcode();
        if (opcode > 0xffff) {
            p.add(opcode >>> 16);
        }
        if (opcode > 0xff) {
            p.add(opcode >>> 8 & 0xff);
        }
        p.add(opcode & 0xff);
    }

    private void operands(Piece p, Row row) {
        boolean modRm = row.extension() != Row.ANY || row.mod() != Row.ANY;
        boolean memory = row.mod() == 0, register = row.mod() == 3;
        int immediates = 0;
        for (Operand operand : row.operands()) {
            switch (operand.place()) {
                case RM, MMX_RM, XMM_RM, X87_RM -> modRm = true;
                case REG, SEGMENT, CONTROL, DEBUG, MMX_REG, XMM_REG -> modRm = true;
                case MEMORY -> {
                    modRm = true;
                    memory = true;
                }
                default -> {}
            }
            register |= operand.name().startsWith("R") && operand.name().length() == 2;
        }
        if (modRm) {
            boolean toMemory = memory || !register && random.nextBoolean();
            modRm(p, row, toMemory);
        }
        for (Operand operand : row.operands()) {
            immediate(p, operand);
        }
        boolean inOpcode = row.operands().stream().anyMatch(o -> o.place() == Operand.Place.OPCODE);
        if (bits == 64 && inOpcode && oneIn(2)) {
            rex |= pointers.isPointer(row.opcode() & 7 | 8) ? 0 : 1;
        }
    }

    private void immediate(Piece p, Operand operand) {
        int bytes = operand.bytes(operandSize);
        switch (operand.place()) {
            case IMM, IMM2 -> p.value(bytes, oneIn(2) ? random.nextInt(64) : Numbers.any(random));
            case MOFFS -> p.value(addressSize / 8, pointers.somewhere() - pointers.dataBase());
            default -> {}
        }
    }

    /** The register in ModR/M reg: seldom a pointer where it is the destination. */
    private void modRm(Piece p, Row row, boolean memory) {
        boolean general = isGeneral(row);
        int reg;
        if (row.extension() != Row.ANY) {
            reg = row.extension();
        } else if (row.operands().getFirst().place() == Operand.Place.SEGMENT) {
            reg = random.nextInt(6);
        } else {
            reg = general ? general(row) : anyRegister();
            rex |= reg >> 3 << 2;
        }
        if (memory) {
            memory(p, reg & 7, alignment(row));
            return;
        }
        int rm = row.rm() != Row.ANY ? row.rm() : general ? general(row) : anyRegister();
        if (row.rm() == Row.ANY) {
            rex |= rm >> 3;
        }
        p.add(0xc0 | (reg & 7) << 3 | rm & 7);
    }

    private static boolean isGeneral(Row row) {
        return row.operands().stream()
                .anyMatch(o ->
                        o.place() == Operand.Place.RM
                                || o.place() == Operand.Place.REG
                                || o.place() == Operand.Place.OPCODE);
    }

    private static int alignment(Row row) {
        for (Operand operand : row.operands()) {
            boolean wide = operand == Operand.Wx || operand == Operand.Mdq;
            if (wide) {
                return 16;
            }
        }
        return 1;
    }

    int anyRegister() {
        return random.nextInt(bits == 64 ? 16 : 8);
    }

    private int general(Row row) {
        boolean octets =
                row.operands().stream()
                        .anyMatch(o ->
                                o.bytes(4) == 1
                                        && (o.place() == Operand.Place.RM
                                                || o.place() == Operand.Place.REG));
        if (octets && rex == 0 && oneIn(2)) {
            highByte = true;
            return 4 + random.nextInt(3);
        }
        int register = destination();
        return highByte ? register & 3 : register;
    }

    /** Mostly one that no memory operand is based on. */
    int destination() {
        int register = anyRegister();
        while (pointers.isPointer(register) && !oneIn(60)) {
            register = anyRegister();
        }
        return register;
    }

    // ---- memory operands

    private void memory(Piece p, int reg, int alignment) {
        if (addressSize == 16) {
            memory16(p, reg);
        } else {
            memory32(p, reg, alignment);
        }
    }

    private void memory16(Piece p, int reg) {
        int rm = oneIn(4) ? random.nextInt(8) : new int[] {4, 5, 6, 7}[random.nextInt(4)];
        int mod = random.nextInt(3);
        p.add(mod << 6 | reg << 3 | rm);
        if (mod == 0 && rm == 6) {
            p.value(2, pointers.somewhere() - pointers.dataBase());
        } else {
            displacement(p, mod == 1 ? 1 : mod == 2 ? 2 : 0, 1);
        }
    }

    private void memory32(Piece p, int reg, int alignment) {
        int kind = random.nextInt(16);
        if (kind == 0) {
            absolute(p, reg, alignment);
            return;
        }
        if (kind == 1 && bits == 64) {
            p.add(5 | reg << 3);
            p.hole(4, Piece.Base.RIP, null, pointers.somewhere() & -alignment);
            return;
        }
        int base = kind == 2 ? anyRegister() : pointers.any();
        rex |= base >> 3;
        int size = new int[] {0, 1, 1, 4}[random.nextInt(4)];
        boolean scaled = kind < 6;
        if (scaled || (base & 7) == 4) {
            sib(p, reg, base & 7, size, scaled);
        } else {
            size = size == 0 && (base & 7) == 5 ? 1 : size;
            p.add((size == 4 ? 2 : size) << 6 | reg << 3 | base & 7);
        }
        if (scaled && (base & 7) == 5 && size == 0) {
            p.value(4, random.nextInt(64));
        } else {
            displacement(p, size, oneIn(8) ? 1 : alignment);
        }
    }

    private void sib(Piece p, int reg, int base, int size, boolean scaled) {
        int index = !scaled ? 4 : oneIn(3) ? anyRegister() : 1;
        rex |= index >> 3 << 1;
        p.add((size == 4 ? 2 : size) << 6 | reg << 3 | 4);
        p.add(random.nextInt(4) << 6 | (index & 7) << 3 | base);
    }

    private void absolute(Piece p, int reg, int alignment) {
        if (bits == 64) {
            p.add(4 | reg << 3, 0x25);
        } else {
            p.add(5 | reg << 3);
        }
        p.value(4, (pointers.somewhere() & -alignment) - pointers.dataBase());
    }

    private void displacement(Piece p, int size, int alignment) {
        long value =
                switch (random.nextInt(8)) {
                    case 0 -> random.nextInt(0x2000) - 0x1000;
                    default -> random.nextInt(256) - 128;
                };
        p.value(size, value & -alignment);
    }
}
