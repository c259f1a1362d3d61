package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg8.AL;
import static trivium.guests.demo.Operand.at;

/**
 * Power management: the PIIX4's timer, power button and soft off (Intel 82371AB data sheet, "Power
 * Management"), set up here if no firmware did. Without one, time goes by clock ticks and the power
 * stays on.
 */
final class Power extends Assembler32 {
    /** Of the timer. */
    static final int COUNTS_PER_SECOND = 3_579_545;

    private static final int PIIX4 = 0x7113_8086, PMBASE = 0x40, PMREGMISC = 0x80;
    private static final int OUR_BASE = 0x600, STATUS = 0, ENABLE = 2, CONTROL = 4, TIMER = 8;
    private static final int POWER_BUTTON = 1 << 8, SLEEP = 1 << 13; // type 0 is S5
    private static final int KEYBOARD_CONTROLLER = 0x64, PULSE_RESET = 0xfe;

    final Label init = label();

    /** The time in EAX: 24 bits that count at {@link #COUNTS_PER_SECOND}. */
    final Label now = label();

    /** EAX is not 0 if the power button was pressed since the last call. */
    final Label pressed = label();

    /** Powers off; does not return. */
    final Label off = label();

    /** Resets the machine; does not return. */
    final Label reboot = label();

    private final Pci pci;
    private final Label ticks;
    private final Label base = variable();

    Power(Image image, Pci pci, Label ticks) {
        super(image);
        this.pci = pci;
        this.ticks = ticks;
    }

    void emit() {
        routine(init, this::emitInit);
        routine(now, this::emitNow);
        routine(pressed, this::emitPressed);
        emitEnds();
    }

    private void emitInit() {
        Label none = label(), set = label();
        mov(EAX, PIIX4);
        call(pci.find);
        test(EAX, EAX);
        je(none);
        mov(EBX, EAX);
        add(EAX, PMBASE);
        call(pci.read);
        and(EAX, 0xffc0);
        jne(set);
        lea(EAX, at(EBX, PMBASE));
        mov(EDX, OUR_BASE | 1);
        call(pci.write);
        mov(EAX, OUR_BASE);
        bind(set);
        mov(at(base), EAX);
        mov(EAX, EBX);
        pci.setBits(PMREGMISC, 1);
        mov(EAX, EBX);
        pci.setBits(Pci.COMMAND, Pci.IO_SPACE);
        call(pressed); // forget what was pressed before
        mov(EDX, at(base));
        add(EDX, ENABLE);
        mov(EAX, POWER_BUTTON); // IRQ 9 stays masked, but QEMU tells only who asked to be told
        outAx();
        bind(none);
    }

    private void emitNow() {
        Label byTicks = label(), done = label();
        mov(EDX, at(base));
        test(EDX, EDX);
        je(byTicks);
        add(EDX, TIMER);
        inEax();
        jmp(done);
        bind(byTicks);
        imul(EAX, at(ticks), COUNTS_PER_SECOND / Interrupts.TICKS_PER_SECOND);
        bind(done);
        and(EAX, 0xff_ffff);
        result(EAX);
    }

    private void emitPressed() {
        Label none = label();
        mov(ECX, 0);
        mov(EDX, at(base));
        test(EDX, EDX);
        je(none);
        add(EDX, STATUS);
        inAx();
        mov(ECX, EAX);
        and(ECX, POWER_BUTTON);
        je(none);
        mov(EAX, ECX);
        outAx(); // a one clears it
        bind(none);
        result(ECX);
    }

    private void emitEnds() {
        Label stay = label();
        bind(off);
        mov(EDX, at(base));
        test(EDX, EDX);
        je(stay);
        add(EDX, CONTROL);
        mov(EAX, SLEEP);
        outAx();
        jmp(stay);
        bind(reboot);
        mov(AL, PULSE_RESET);
        outAl(KEYBOARD_CONTROLLER);
        bind(stay);
        cli();
        hlt();
        jmp(stay);
    }
}
