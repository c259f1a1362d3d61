package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg8.AL;

/** COM1, a 16550, at 115200 baud (National PC16550D data sheet). */
final class Serial extends Assembler32 {
    private static final int BASE = 0x3f8, IER = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5;
    private static final int RECEIVED = 1, SENDABLE = 0x20, RECEIVE_INTERRUPT = 1;
    private static final int DTR_RTS_OUT2 = 0x0b, DIVISOR_LATCH = 0x80, EIGHT_BITS = 3;
    private static final int PATIENCE = 1 << 16;

    final Label init = label();

    /** Sends the byte in AL. */
    final Label put = label();

    /** Sends the text at ESI. */
    final Label puts = label();

    final Ring received;

    Serial(Image image) {
        super(image);
        received = new Ring(image);
    }

    void emit() {
        routine(
                init,
                () -> {
                    out(IER, 0);
                    out(LCR, DIVISOR_LATCH | EIGHT_BITS);
                    out(0, 1);
                    out(1, 0);
                    out(LCR, EIGHT_BITS);
                    out(FCR, 7); // on and empty, an interrupt for each byte
                    out(MCR, DTR_RTS_OUT2);
                    out(IER, RECEIVE_INTERRUPT);
                });
        routine(put, this::emitPut);
        routine(puts, this::emitPuts);
    }

    private void out(int register, int value) {
        mov(EDX, BASE + register);
        mov(AL, value);
        outAl();
    }

    /**
     * A port without a UART reads all ones, so it never makes us wait; a stuck one not for ever.
     */
    private void emitPut() {
        Label ready = label();
        push(EAX);
        mov(ECX, PATIENCE);
        mov(EDX, BASE + LSR);
        Label wait = here();
        inAl();
        test(AL, SENDABLE);
        jne(ready);
        dec(ECX);
        jne(wait);
        bind(ready);
        pop(EAX);
        mov(EDX, BASE);
        outAl();
    }

    private void emitPuts() {
        Label done = label();
        Label next = here();
        lodsb();
        test(AL, AL);
        je(done);
        call(put);
        jmp(next);
        bind(done);
    }

    /** The body of the interrupt handler: empties the UART. Changes EAX, EBX, EDX. */
    void interrupt() {
        Label done = label();
        Label next = here();
        mov(EDX, BASE + LSR);
        inAl();
        test(AL, RECEIVED);
        je(done);
        cmp(AL, 0xff);
        je(done);
        mov(EDX, BASE);
        inAl();
        received.put();
        jmp(next);
        bind(done);
    }
}
