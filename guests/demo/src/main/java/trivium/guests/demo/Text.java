package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.Reg8.AL;
import static trivium.guests.demo.Operand.at;

/** Builds texts: every routine writes at EDI, moves it on and changes nothing else. */
final class Text extends Assembler32 {
    /** The text at ESI, without its zero. */
    final Label append = label();

    /** EAX in decimal. */
    final Label decimal = label();

    /** EAX in decimal, at least two digits. */
    final Label twoDigits = label();

    /** EAX in eight hexadecimal digits. */
    final Label hex = label();

    Text(Image image) {
        super(image);
    }

    /** Appends words known now: code in line that changes ESI. */
    void words(String words) {
        Label text = label(), over = label();
        mov(ESI, text);
        call(append);
        jmp(over);
        bind(text);
        text(words);
        bind(over);
    }

    void character(char c) {
        mov(AL, c);
        stosb();
    }

    /** Ends the text. */
    void zero() {
        mov(AL, 0);
        stosb();
    }

    void emit() {
        emitAppend();
        emitDecimal();
        emitHex();
    }

    private void emitAppend() {
        Label next = label(), done = label();
        bind(append);
        push(EAX);
        push(ESI);
        bind(next);
        lodsb();
        test(AL, AL);
        je(done);
        stosb();
        jmp(next);
        bind(done);
        pop(ESI);
        pop(EAX);
        ret();
    }

    private void emitDecimal() {
        Label go = label();
        bind(twoDigits);
        cmp(EAX, 10);
        jae(decimal);
        push(EAX);
        character('0');
        pop(EAX);
        bind(decimal);
        for (var r : new Operand.Reg[] {EAX, EBX, ECX, EDX}) {
            push(r);
        }
        mov(EBX, 10);
        mov(ECX, 0);
        bind(go);
        mov(EDX, 0);
        div(EBX);
        push(EDX);
        inc(ECX);
        test(EAX, EAX);
        jne(go);
        Label digit = here();
        pop(EAX);
        add(EAX, '0');
        stosb();
        dec(ECX);
        jne(digit);
        for (var r : new Operand.Reg[] {EDX, ECX, EBX, EAX}) {
            pop(r);
        }
        ret();
    }

    private void emitHex() {
        Label letter = label(), done = label();
        bind(hex);
        push(EAX);
        push(EBX);
        push(ECX);
        mov(EBX, EAX);
        mov(ECX, 8);
        Label next = here();
        mov(EAX, EBX);
        shr(EAX, 28);
        cmp(EAX, 10);
        jae(letter);
        add(EAX, '0');
        jmp(done);
        bind(letter);
        add(EAX, 'A' - 10);
        bind(done);
        stosb();
        shl(EBX, 4);
        dec(ECX);
        jne(next);
        pop(ECX);
        pop(EBX);
        pop(EAX);
        ret();
    }

    /** Compares the texts at ESI and EDI: within a routine; changes EAX, ESI, EDI. */
    void ifEqual(Label equal) {
        Label differ = label();
        Label next = here();
        mov(AL, Operand.byteAt(ESI));
        cmp(AL, Operand.byteAt(Operand.Reg.EDI));
        jne(differ);
        test(AL, AL);
        je(equal);
        inc(ESI);
        inc(Operand.Reg.EDI);
        jmp(next);
        bind(differ);
    }

    /** A doubleword at an offset from a label. */
    static Operand.Mem field(Operand.Reg base, int index) {
        return at(base, 4 * index);
    }
}
