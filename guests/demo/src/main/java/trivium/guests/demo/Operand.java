package trivium.guests.demo;

/** What an instruction works on: a register or memory. */
sealed interface Operand {
    /** 1 or 4 bytes. */
    int bytes();

    /** The registers of 32 bits, in the order of their numbers. */
    enum Reg implements Operand {
        EAX,
        ECX,
        EDX,
        EBX,
        ESP,
        EBP,
        ESI,
        EDI;

        @Override
        public int bytes() {
            return 4;
        }
    }

    /** The registers of 8 bits, in the order of their numbers. */
    enum Reg8 implements Operand {
        AL,
        CL,
        DL,
        BL,
        AH,
        CH,
        DH,
        BH;

        @Override
        public int bytes() {
            return 1;
        }
    }

    /**
     * Memory at {@code label + base + index * scale + displacement}.
     *
     * @param label null for none, likewise base and index
     */
    record Mem(int bytes, Label label, Reg base, Reg index, int scale, int displacement)
            implements Operand {
        public Mem {
            if (index == Reg.ESP || Integer.bitCount(scale) != 1 || scale > 8) {
                throw new IllegalArgumentException("no such address: " + index + "*" + scale);
            }
        }

        /** The same place, {@code by} bytes on. */
        Mem plus(int by) {
            return new Mem(bytes, label, base, index, scale, displacement + by);
        }
    }

    static Mem at(Label label) {
        return new Mem(4, label, null, null, 1, 0);
    }

    static Mem at(Reg base) {
        return at(base, 0);
    }

    static Mem at(Reg base, int displacement) {
        return new Mem(4, null, base, null, 1, displacement);
    }

    static Mem at(Reg base, Reg index, int scale) {
        return new Mem(4, null, base, index, scale, 0);
    }

    /** An element of a table. */
    static Mem at(Label table, Reg index, int scale) {
        return new Mem(4, table, null, index, scale, 0);
    }

    /** The byte there. */
    static Mem byteAt(Label label) {
        return octet(at(label));
    }

    static Mem byteAt(Reg base) {
        return octet(at(base));
    }

    static Mem byteAt(Reg base, Reg index) {
        return octet(at(base, index, 1));
    }

    static Mem byteAt(Label table, Reg index) {
        return octet(at(table, index, 1));
    }

    private static Mem octet(Mem m) {
        return new Mem(1, m.label, m.base, m.index, m.scale, m.displacement);
    }
}
