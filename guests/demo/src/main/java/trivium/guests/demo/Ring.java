package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg8.BL;
import static trivium.guests.demo.Operand.at;
import static trivium.guests.demo.Operand.byteAt;

/**
 * A queue of 256 doublewords from an interrupt handler to the main loop. What comes when it is full
 * is lost. The parts are emitted in line and change EBX.
 */
final class Ring extends Assembler32 {
    private final Label head = variable(), tail = variable();
    private final Label slots = room(256 * 4);

    Ring(Image image) {
        super(image);
    }

    /** Puts EAX in. */
    void put() {
        Label full = label();
        movzx(EBX, byteAt(head));
        mov(at(slots, EBX, 4), EAX);
        inc(BL);
        cmp(BL, byteAt(tail));
        je(full);
        mov(byteAt(head), BL);
        bind(full);
    }

    /** Takes EAX out, or goes to {@code empty}. */
    void take(Label empty) {
        movzx(EBX, byteAt(tail));
        cmp(BL, byteAt(head));
        je(empty);
        mov(EAX, at(slots, EBX, 4));
        inc(byteAt(tail));
    }

    /** Goes to {@code there} if something is in it. */
    void ifFilled(Label there) {
        mov(BL, byteAt(tail));
        cmp(BL, byteAt(head));
        jne(there);
    }
}
