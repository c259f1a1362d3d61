package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.Reg.ESP;
import static trivium.guests.demo.Operand.Reg8.AL;
import static trivium.guests.demo.Operand.at;

/**
 * Segments, the interrupt table, the 8259A pair and the 8254: clock ticks, keyboard and mouse,
 * COM1. An exception is told over COM1 and ends the guest: there is none in good order.
 */
final class Interrupts extends Assembler32 {
    static final int TICKS_PER_SECOND = 100;
    private static final int CODE = 0x08, DATA = 0x10, EXCEPTIONS = 32, IRQS = 16;
    private static final int GATES = EXCEPTIONS + IRQS, PRESENT_INTERRUPT_GATE = 0x8e00;
    private static final int WITH_ERROR_CODE = 1 << 8 | 0x1f << 10 | 1 << 17;
    private static final int MASTER = 0x20, SLAVE = 0xa0, END_OF_INTERRUPT = 0x20;
    private static final int PIT_CHANNEL_0 = 0x40, PIT_CONTROL = 0x43, RATE_GENERATOR = 0x34;
    private static final int PIT_HERTZ = 1_193_182;
    private static final int STATUS = 0x64, OUTPUT = 0x60;

    /** Counts the ticks. */
    final Label ticks;

    /** Bytes of keyboard and mouse, with the controller's status above them. */
    final Ring ps2;

    final Label init = label();
    private final Label gdtPointer = label(), idtPointer = label(), idt = room(GATES * 8);
    private final Serial serial;
    private final Text text;

    Interrupts(Image image, Serial serial, Text text) {
        super(image);
        this.serial = serial;
        this.text = text;
        ticks = variable();
        ps2 = new Ring(image);
    }

    /** Replaces the loader's segments, in line. Changes EAX. */
    void loadSegments() {
        Label flat = label();
        lgdt(at(gdtPointer));
        jmp(CODE, flat);
        bind(flat);
        mov(EAX, DATA);
        movDataSegmentsAx();
    }

    void emit() {
        Label[] handlers = new Label[GATES];
        emitExceptions(handlers);
        emitIrqs(handlers);
        Label table = here();
        for (Label handler : handlers) {
            address(handler);
        }
        bind(gdtPointer);
        Label gdt = label();
        octets(3 * 8 - 1, 0);
        address(gdt);
        bind(gdt);
        dwords(0, 0, 0xffff, 0x00cf_9b00, 0xffff, 0x00cf_9300);
        bind(idtPointer);
        octets(GATES * 8 - 1, GATES * 8 - 1 >> 8);
        address(idt);
        routine(
                init,
                () -> {
                    emitGates(table);
                    emitPics();
                    emitPit();
                });
    }

    private void emitGates(Label table) {
        mov(ESI, table);
        mov(EDI, idt);
        mov(ECX, GATES);
        Label next = here();
        lodsd();
        mov(EDX, EAX);
        and(EAX, 0xffff);
        or(EAX, CODE << 16);
        stosd();
        mov(EAX, EDX);
        and(EAX, 0xffff_0000);
        or(EAX, PRESENT_INTERRUPT_GATE);
        stosd();
        dec(ECX);
        jne(next);
        lidt(at(idtPointer));
    }

    /** 8259A data sheet, "Initialization Command Words": vectors 20h and 28h, cascade on IR2. */
    private void emitPics() {
        int[][] words = {{0x11, 0x11}, {EXCEPTIONS, EXCEPTIONS + 8}, {4, 2}, {1, 1}, {0xe8, 0xef}};
        for (int i = 0; i < words.length; i++) {
            int odd = i == 0 ? 0 : 1;
            out(MASTER + odd, words[i][0]);
            out(SLAVE + odd, words[i][1]);
        }
    }

    private void emitPit() {
        int divisor = PIT_HERTZ / TICKS_PER_SECOND;
        out(PIT_CONTROL, RATE_GENERATOR);
        out(PIT_CHANNEL_0, divisor);
        out(PIT_CHANNEL_0, divisor >> 8);
    }

    private void out(int port, int value) {
        mov(AL, value);
        outAl(port);
    }

    private void emitIrqs(Label[] handlers) {
        Label ignore = here();
        iretd();
        java.util.Arrays.fill(handlers, EXCEPTIONS, GATES, ignore);
        handlers[EXCEPTIONS] = here();
        push(EAX);
        inc(at(ticks));
        out(MASTER, END_OF_INTERRUPT);
        pop(EAX);
        iretd();
        handlers[EXCEPTIONS + 1] =
                handler(() -> {
                    emitPs2();
                    out(MASTER, END_OF_INTERRUPT);
                });
        handlers[EXCEPTIONS + 12] =
                handler(() -> {
                    emitPs2();
                    out(SLAVE, END_OF_INTERRUPT);
                    out(MASTER, END_OF_INTERRUPT);
                });
        handlers[EXCEPTIONS + 4] =
                handler(() -> {
                    serial.interrupt();
                    out(MASTER, END_OF_INTERRUPT);
                });
    }

    private Label handler(Runnable body) {
        Label start = here();
        pushad();
        body.run();
        popad();
        iretd();
        return start;
    }

    private void emitPs2() {
        Label nothing = label();
        mov(EAX, 0);
        inAl(STATUS);
        test(AL, 1);
        je(nothing);
        shl(EAX, 8);
        inAl(OUTPUT);
        ps2.put();
        bind(nothing);
    }

    private void emitExceptions(Label[] handlers) {
        Label common = label();
        for (int vector = 0; vector < EXCEPTIONS; vector++) {
            handlers[vector] = here();
            if ((WITH_ERROR_CODE >>> vector & 1) == 0) {
                push(0);
            }
            push(vector);
            jmp(common);
        }
        Label line = room(128);
        bind(common);
        mov(EDI, line);
        text.words("\r\nexception ");
        mov(EAX, at(ESP, 0));
        call(text.decimal);
        text.words(", error code ");
        mov(EAX, at(ESP, 4));
        call(text.hex);
        text.words(", EIP ");
        mov(EAX, at(ESP, 8));
        call(text.hex);
        text.words(": halted\r\n");
        text.zero();
        mov(ESI, line);
        call(serial.puts);
        Label stay = here();
        cli();
        hlt();
        jmp(stay);
    }
}
