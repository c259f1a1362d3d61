package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDX;

/** Configuration mechanism 1 of bus 0 (PCI Local Bus 3.0, section 3.2.2.3.2). */
final class Pci extends Assembler32 {
    private static final int ADDRESS = 0xcf8, DATA = 0xcfc, ENABLE = 0x8000_0000;
    static final int COMMAND = 0x04, BAR0 = 0x10, IO_SPACE = 1, MEMORY_SPACE = 2;

    /** EAX, device and vendor: the address of the function's register 0 in EAX, or 0. */
    final Label find = label();

    /** The doubleword at address EAX, in EAX. */
    final Label read = label();

    /** Writes EDX to address EAX. */
    final Label write = label();

    Pci(Image image) {
        super(image);
    }

    void emit() {
        routine(find, this::emitFind);
        routine(
                read,
                () -> {
                    mov(EDX, ADDRESS);
                    outEax();
                    mov(EDX, DATA);
                    inEax();
                    result(EAX);
                });
        routine(
                write,
                () -> {
                    mov(EBX, EDX);
                    mov(EDX, ADDRESS);
                    outEax();
                    mov(EDX, DATA);
                    mov(EAX, EBX);
                    outEax();
                });
    }

    /** Every function of every device: one that is not there reads all ones. */
    private void emitFind() {
        Label found = label();
        mov(EBX, EAX);
        mov(ECX, ENABLE);
        Label next = here();
        mov(EAX, ECX);
        call(read);
        cmp(EAX, EBX);
        je(found);
        add(ECX, 1 << 8);
        cmp(ECX, ENABLE | 1 << 16);
        jb(next);
        mov(ECX, 0);
        bind(found);
        result(ECX);
    }

    /** Sets bits of the doubleword at address EAX + register; changes EAX, ECX, EDX. */
    void setBits(int register, int bits) {
        lea(ECX, Operand.at(EAX, register));
        mov(EAX, ECX);
        call(read);
        or(EAX, bits);
        mov(EDX, EAX);
        mov(EAX, ECX);
        call(write);
    }
}
