package trivium.guests.demo;

import java.nio.charset.StandardCharsets;
import trivium.guests.demo.Operand.Mem;
import trivium.guests.demo.Operand.Reg;
import trivium.guests.demo.Operand.Reg8;

/**
 * Encodes 32-bit 80386 code: a method per instruction, destination first, and only those that the
 * guest uses (SDM Vol. 2 "Instruction Set Reference"). Operands of different sizes, or two in
 * memory, are refused.
 */
class Assembler32 {
    private static final int PREFIX_OPERAND = 0x66, ADD = 0, OR = 1, AND = 4, SUB = 5, XOR = 6;
    private static final int CMP = 7;
    private final Image image;

    Assembler32(Image image) {
        this.image = image;
    }

    // --- labels and data

    static Label label() {
        return new Label();
    }

    void bind(Label label) {
        label.bind(image.size());
    }

    /** A label bound here. */
    Label here() {
        Label label = new Label();
        bind(label);
        return label;
    }

    Label room(int bytes) {
        return image.room(bytes);
    }

    /** A doubleword variable. */
    Label variable() {
        return image.room(4);
    }

    void octets(int... values) {
        for (int value : values) {
            image.octet(value);
        }
    }

    void octets(byte[] values) {
        for (byte value : values) {
            image.octet(value);
        }
    }

    void dwords(int... values) {
        for (int value : values) {
            image.dword(value);
        }
    }

    void address(Label label) {
        image.address(label, 0);
    }

    /** ASCII with a zero behind it. */
    Label text(String text) {
        Label label = here();
        octets(text.getBytes(StandardCharsets.US_ASCII));
        image.octet(0);
        return label;
    }

    // --- moves

    void mov(Operand to, Operand from) {
        twoOperands(0x88, to, from);
    }

    void mov(Operand to, int value) {
        switch (to) {
            case Reg r -> opcode(0xb8 + r.ordinal(), value);
            case Reg8 r -> octets(0xb0 + r.ordinal(), value);
            case Mem m -> {
                modRm(m.bytes() == 1 ? 0xc6 : 0xc7, 0, m);
                immediate(m.bytes(), value);
            }
        }
    }

    /** The label's address. */
    void mov(Reg to, Label label) {
        image.octet(0xb8 + to.ordinal());
        image.address(label, 0);
    }

    void movzx(Reg to, Operand octet) {
        extend(0xb6, to, octet);
    }

    void movsx(Reg to, Operand octet) {
        extend(0xbe, to, octet);
    }

    private void extend(int opcode, Reg to, Operand octet) {
        check(octet.bytes() == 1, "extends bytes only");
        image.octet(0x0f);
        modRm(opcode, to.ordinal(), octet);
    }

    void lea(Reg to, Mem from) {
        modRm(0x8d, to.ordinal(), from);
    }

    void push(Reg r) {
        image.octet(0x50 + r.ordinal());
    }

    void push(int value) {
        opcode(0x68, value);
    }

    void pop(Reg r) {
        image.octet(0x58 + r.ordinal());
    }

    void pushad() {
        image.octet(0x60);
    }

    void popad() {
        image.octet(0x61);
    }

    void pushfd() {
        image.octet(0x9c);
    }

    void popfd() {
        image.octet(0x9d);
    }

    // --- arithmetic

    void add(Operand to, Operand from) {
        twoOperands(ADD << 3, to, from);
    }

    void add(Operand to, int value) {
        withImmediate(ADD, to, value);
    }

    void or(Operand to, Operand from) {
        twoOperands(OR << 3, to, from);
    }

    void or(Operand to, int value) {
        withImmediate(OR, to, value);
    }

    void and(Operand to, Operand from) {
        twoOperands(AND << 3, to, from);
    }

    void and(Operand to, int value) {
        withImmediate(AND, to, value);
    }

    void sub(Operand to, Operand from) {
        twoOperands(SUB << 3, to, from);
    }

    void sub(Operand to, int value) {
        withImmediate(SUB, to, value);
    }

    void xor(Operand to, Operand from) {
        twoOperands(XOR << 3, to, from);
    }

    void xor(Operand to, int value) {
        withImmediate(XOR, to, value);
    }

    void cmp(Operand a, Operand b) {
        twoOperands(CMP << 3, a, b);
    }

    void cmp(Operand a, int value) {
        withImmediate(CMP, a, value);
    }

    void test(Operand a, Operand b) {
        twoOperands(0x84, a, b);
    }

    void test(Operand a, int value) {
        modRm(a.bytes() == 1 ? 0xf6 : 0xf7, 0, a);
        immediate(a.bytes(), value);
    }

    void inc(Operand a) {
        modRm(a.bytes() == 1 ? 0xfe : 0xff, 0, a);
    }

    void dec(Operand a) {
        modRm(a.bytes() == 1 ? 0xfe : 0xff, 1, a);
    }

    void neg(Operand a) {
        modRm(a.bytes() == 1 ? 0xf6 : 0xf7, 3, a);
    }

    /** EDX:EAX = EAX * a. */
    void mul(Operand a) {
        modRm(0xf7, 4, dword(a));
    }

    /** EAX = EDX:EAX / a, EDX the rest; unsigned. */
    void div(Operand a) {
        modRm(0xf7, 6, dword(a));
    }

    void idiv(Operand a) {
        modRm(0xf7, 7, dword(a));
    }

    void imul(Reg to, Operand from) {
        image.octet(0x0f);
        modRm(0xaf, to.ordinal(), dword(from));
    }

    void imul(Reg to, Operand from, int factor) {
        modRm(0x69, to.ordinal(), dword(from));
        image.dword(factor);
    }

    /** EDX:EAX = EAX with its sign. */
    void cdq() {
        image.octet(0x99);
    }

    void shl(Operand a, int bits) {
        shift(4, a, bits);
    }

    void shr(Operand a, int bits) {
        shift(5, a, bits);
    }

    void sar(Operand a, int bits) {
        shift(7, a, bits);
    }

    private void shift(int extension, Operand a, int bits) {
        modRm(a.bytes() == 1 ? 0xc0 : 0xc1, extension, a);
        image.octet(bits);
    }

    /** Carry = the bit. */
    void bt(Operand a, int bit) {
        octets(0x0f);
        modRm(0xba, 4, dword(a));
        image.octet(bit);
    }

    // --- jumps

    void jmp(Label to) {
        if (nearBy(to)) {
            octets(0xeb, to.offset() - image.size() - 2);
        } else {
            image.octet(0xe9);
            image.distance(to);
        }
    }

    /** Far, to a code segment. */
    void jmp(int selector, Label to) {
        image.octet(0xea);
        image.address(to, 0);
        octets(selector, selector >> 8);
    }

    void call(Label to) {
        image.octet(0xe8);
        image.distance(to);
    }

    void call(Operand target) {
        modRm(0xff, 2, dword(target));
    }

    void ret() {
        image.octet(0xc3);
    }

    void iretd() {
        image.octet(0xcf);
    }

    void jb(Label to) {
        jump(2, to);
    }

    void jae(Label to) {
        jump(3, to);
    }

    void je(Label to) {
        jump(4, to);
    }

    void jne(Label to) {
        jump(5, to);
    }

    void jbe(Label to) {
        jump(6, to);
    }

    void ja(Label to) {
        jump(7, to);
    }

    void jns(Label to) {
        jump(9, to);
    }

    void jle(Label to) {
        jump(14, to);
    }

    private void jump(int condition, Label to) {
        if (nearBy(to)) {
            octets(0x70 + condition, to.offset() - image.size() - 2);
        } else {
            octets(0x0f, 0x80 + condition);
            image.distance(to);
        }
    }

    /** Backwards and in reach of one byte; what lies ahead is not known yet. */
    private boolean nearBy(Label to) {
        return to.bound() && to.offset() - image.size() - 2 >= Byte.MIN_VALUE;
    }

    // --- strings

    void cld() {
        image.octet(0xfc);
    }

    void lodsb() {
        image.octet(0xac);
    }

    void lodsd() {
        image.octet(0xad);
    }

    void stosb() {
        image.octet(0xaa);
    }

    void stosd() {
        image.octet(0xab);
    }

    void repMovsd() {
        octets(0xf3, 0xa5);
    }

    void repStosd() {
        octets(0xf3, 0xab);
    }

    void repInsb() {
        octets(0xf3, 0x6c);
    }

    // --- ports: the number in DX, or below 100h; the value in AL, AX or EAX

    void inAl(int port) {
        octets(0xe4, port);
    }

    void inAl() {
        image.octet(0xec);
    }

    void inAx() {
        octets(PREFIX_OPERAND, 0xed);
    }

    void inEax() {
        image.octet(0xed);
    }

    void outAl(int port) {
        octets(0xe6, port);
    }

    void outAl() {
        image.octet(0xee);
    }

    void outAx() {
        octets(PREFIX_OPERAND, 0xef);
    }

    void outEax() {
        image.octet(0xef);
    }

    // --- system

    void hlt() {
        image.octet(0xf4);
    }

    void cli() {
        image.octet(0xfa);
    }

    void sti() {
        image.octet(0xfb);
    }

    void cpuid() {
        octets(0x0f, 0xa2);
    }

    void lgdt(Mem from) {
        image.octet(0x0f);
        modRm(0x01, 2, from);
    }

    void lidt(Mem from) {
        image.octet(0x0f);
        modRm(0x01, 3, from);
    }

    /** Loads DS, ES, FS, GS and SS from AX. */
    void movDataSegmentsAx() {
        for (int segment : new int[] {3, 0, 4, 5, 2}) {
            octets(0x8e, 0xc0 | segment << 3);
        }
    }

    // --- encodings

    /** {@code opcode} has the form r/m8, r8; the next three are those of 32 bits and of loads. */
    private void twoOperands(int opcode, Operand to, Operand from) {
        check(to.bytes() == from.bytes(), "operands of one size");
        int wide = to.bytes() == 4 ? 1 : 0;
        if (from instanceof Mem) {
            check(!(to instanceof Mem), "one operand in memory");
            modRm(opcode == 0x84 ? opcode + wide : opcode + 2 + wide, number(to), from);
        } else {
            modRm(opcode + wide, number(from), to);
        }
    }

    private void withImmediate(int operation, Operand to, int value) {
        if (to.bytes() == 1) {
            modRm(0x80, operation, to);
            image.octet(value);
        } else if (value == (byte) value) {
            modRm(0x83, operation, to);
            image.octet(value);
        } else {
            modRm(0x81, operation, to);
            image.dword(value);
        }
    }

    private void opcode(int opcode, int value) {
        image.octet(opcode);
        image.dword(value);
    }

    private void immediate(int bytes, int value) {
        if (bytes == 1) {
            image.octet(value);
        } else {
            image.dword(value);
        }
    }

    private static int number(Operand register) {
        return switch (register) {
            case Reg r -> r.ordinal();
            case Reg8 r -> r.ordinal();
            case Mem _ -> throw new IllegalArgumentException("a register is needed");
        };
    }

    /** SDM Vol. 2A "ModR/M and SIB Bytes", tables 2-2 and 2-3. */
    private void modRm(int opcode, int reg, Operand rm) {
        image.octet(opcode);
        if (!(rm instanceof Mem m)) {
            image.octet(0xc0 | reg << 3 | number(rm));
        } else if (m.base() == null) {
            image.octet(reg << 3 | (m.index() == null ? 5 : 4));
            if (m.index() != null) {
                sib(m, 5);
            }
            displacement(m, 4);
        } else {
            boolean sib = m.index() != null || m.base() == Reg.ESP;
            int bytes = displacementBytes(m);
            int mod = bytes == 4 ? 2 : bytes;
            image.octet(mod << 6 | reg << 3 | (sib ? 4 : m.base().ordinal()));
            if (sib) {
                sib(m, m.base().ordinal());
            }
            displacement(m, bytes);
        }
    }

    private void sib(Mem m, int base) {
        int index = m.index() == null ? 4 : m.index().ordinal();
        image.octet(Integer.numberOfTrailingZeros(m.scale()) << 6 | index << 3 | base);
    }

    private static int displacementBytes(Mem m) {
        int d = m.displacement();
        if (m.label() != null || d != (byte) d) {
            return 4;
        }
        return d == 0 && m.base() != Reg.EBP ? 0 : 1;
    }

    private void displacement(Mem m, int bytes) {
        if (m.label() != null) {
            image.address(m.label(), m.displacement());
        } else if (bytes == 1) {
            image.octet(m.displacement());
        } else if (bytes == 4) {
            image.dword(m.displacement());
        }
    }

    private static Operand dword(Operand a) {
        check(a.bytes() == 4, "32 bits only");
        return a;
    }

    private static void check(boolean condition, String rule) {
        if (!condition) {
            throw new IllegalArgumentException(rule);
        }
    }

    // --- structure

    /** A routine that changes no register but for what {@link #result} hands out. */
    void routine(Label name, Runnable body) {
        bind(name);
        pushad();
        body.run();
        popad();
        ret();
    }

    /** Within {@link #routine}, with nothing pushed: the caller finds this register in EAX. */
    void result(Reg value) {
        mov(Operand.at(Reg.ESP, 28), value);
    }
}
