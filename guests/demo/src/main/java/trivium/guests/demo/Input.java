package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg8.AL;
import static trivium.guests.demo.Operand.at;
import static trivium.guests.demo.Operand.byteAt;

/**
 * Keyboard and mouse behind the 8042 (IBM PS/2 Hardware Interface Technical Reference): a US layout
 * with Shift and Caps Lock, and the wheel of an IntelliMouse if there is one.
 */
final class Input extends Assembler32 {
    /** In what the interrupt handler queues: the status register is the second byte. */
    static final int FROM_MOUSE = 0x20 << 8;

    private static final int DATA = 0x60, COMMAND = 0x64, FULL = 1, BUSY = 2;
    private static final int PATIENCE_COUNTS = Power.COUNTS_PER_SECOND / 20, PATIENCE_POLLS = 1000;
    private static final int DISABLE_KEYBOARD = 0xad, DISABLE_MOUSE = 0xa7;
    private static final int ENABLE_KEYBOARD = 0xae, ENABLE_MOUSE = 0xa8;
    private static final int WRITE_COMMAND_BYTE = 0x60, TO_MOUSE = 0xd4;
    private static final int QUIET = 0x44, LIVE = 0x47; // translated to set 1; interrupts
    private static final int ENABLE = 0xf4, IDENTIFY = 0xf2, SET_RATE = 0xf3, DEFAULTS = 0xf6;
    private static final int WHEEL_MOUSE = 3;
    private static final int LEFT_SHIFT = 0x2a, RIGHT_SHIFT = 0x36, CAPS_LOCK = 0x3a, F10 = 0x44;
    private static final int EXTENDED = 0xe0, RELEASED = 0x80;
    private static final int SHIFTED = 1, CAPS = 2;

    /** Rows of keys from a scan code of set 1 on: plain, then with Shift. */
    // spotless:off
    private static final Object[][] KEYS = {
        {0x01, "\33", "\33"},
        {0x02, "1234567890-=\b", "!@#$%^&*()_+\b"},
        {0x10, "qwertyuiop[]\r", "QWERTYUIOP{}\r"},
        {0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
        {0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
        {0x37, "*", "*"},
        {0x39, " ", " "},
        {0x4a, "-", "-"},
        {0x4e, "+", "+"},
    };
    // spotless:on

    final Label init = label();

    /** Takes what was queued. */
    final Label poll = label();

    private final Label send = label(), receive = label(), toMouse = label(), drain = label();
    private final Label key = label(), mouse = label();
    private final Label plain = label(), withShift = label();
    private final Label shift = variable(), extended = variable();
    private final Label packet = room(4), have = variable(), packetBytes = variable();
    private final Ring queue;
    private final Power power;
    private final Pointer pointer;

    /** Takes a character in AL; and what F10 does. */
    private final Label typed, onF10;

    Input(Image image, Ring queue, Power power, Pointer pointer, Label typed, Label onF10) {
        super(image);
        this.queue = queue;
        this.power = power;
        this.pointer = pointer;
        this.typed = typed;
        this.onF10 = onF10;
    }

    void emit() {
        table(plain, 1);
        table(withShift, 2);
        routine(init, this::emitInit);
        routine(send, this::emitSend);
        routine(receive, this::emitReceive);
        routine(drain, this::emitDrain);
        routine(
                toMouse,
                () -> {
                    mov(ECX, EAX);
                    command(TO_MOUSE);
                    mov(EAX, ECX);
                    mov(EDX, DATA);
                    call(send);
                    call(receive);
                    result(EAX);
                });
        routine(poll, this::emitPoll);
        routine(key, this::emitKey);
        routine(mouse, this::emitMouse);
    }

    private void table(Label label, int column) {
        byte[] characters = new byte[128];
        for (Object[] row : KEYS) {
            String text = (String) row[column];
            for (int i = 0; i < text.length(); i++) {
                characters[(Integer) row[0] + i] = (byte) text.charAt(i);
            }
        }
        bind(label);
        octets(characters);
    }

    // --- setting up: interrupts are off

    private void emitInit() {
        Label noWheel = label();
        command(DISABLE_KEYBOARD);
        command(DISABLE_MOUSE);
        call(drain);
        commandByte(QUIET);
        command(ENABLE_KEYBOARD);
        command(ENABLE_MOUSE);
        mov(EAX, ENABLE);
        mov(EDX, DATA);
        call(send);
        call(receive);
        mov(at(packetBytes), 3);
        for (int octet : new int[] {DEFAULTS, SET_RATE, 200, SET_RATE, 100, SET_RATE, 80}) {
            mouse(octet);
        }
        mouse(IDENTIFY);
        call(receive);
        cmp(EAX, WHEEL_MOUSE);
        jne(noWheel);
        mov(at(packetBytes), 4);
        bind(noWheel);
        mouse(ENABLE);
        call(drain);
        commandByte(LIVE);
    }

    private void command(int command) {
        mov(EAX, command);
        mov(EDX, COMMAND);
        call(send);
    }

    private void commandByte(int value) {
        command(WRITE_COMMAND_BYTE);
        mov(EAX, value);
        mov(EDX, DATA);
        call(send);
    }

    private void mouse(int octet) {
        mov(EAX, octet);
        call(toMouse);
    }

    /** AL to port EDX when the controller is ready, or after a while all the same. */
    private void emitSend() {
        Label ready = label();
        mov(EBX, EAX);
        mov(ECX, PATIENCE_POLLS);
        Label wait = here();
        inAl(COMMAND);
        test(AL, BUSY);
        je(ready);
        dec(ECX);
        jne(wait);
        bind(ready);
        mov(EAX, EBX);
        outAl();
    }

    /** A byte in EAX; -1 if none comes. */
    private void emitReceive() {
        Label come = label(), done = label();
        call(power.now);
        mov(EBX, EAX);
        mov(ECX, -1);
        Label wait = here();
        inAl(COMMAND);
        test(AL, FULL);
        jne(come);
        call(power.now);
        sub(EAX, EBX);
        and(EAX, 0xff_ffff);
        cmp(EAX, PATIENCE_COUNTS);
        jb(wait);
        jmp(done);
        bind(come);
        mov(ECX, 0);
        inAl(DATA);
        mov(Operand.Reg8.CL, AL);
        bind(done);
        result(ECX);
    }

    private void emitDrain() {
        Label empty = label();
        mov(ECX, PATIENCE_POLLS);
        Label next = here();
        inAl(COMMAND);
        test(AL, FULL);
        je(empty);
        inAl(DATA);
        dec(ECX);
        jne(next);
        bind(empty);
    }

    // --- running

    private void emitPoll() {
        Label empty = label(), fromMouse = label();
        Label next = here();
        queue.take(empty);
        test(EAX, FROM_MOUSE);
        jne(fromMouse);
        and(EAX, 0xff);
        call(key);
        jmp(next);
        bind(fromMouse);
        call(mouse);
        jmp(next);
        bind(empty);
    }

    /** A scan code in EAX. Of the extended keys only Enter and the slash type anything. */
    private void emitKey() {
        Label notPrefix = label(), notExtended = label(), done = label(), press = label();
        cmp(EAX, EXTENDED);
        jne(notPrefix);
        mov(at(extended), 1);
        jmp(done);
        bind(notPrefix);
        cmp(at(extended), 0);
        je(notExtended);
        mov(at(extended), 0);
        cmp(EAX, 0x1c);
        je(press);
        cmp(EAX, 0x35);
        je(press);
        jmp(done);
        bind(notExtended);
        emitShifts(done);
        cmp(EAX, F10);
        je(onF10);
        bind(press);
        test(EAX, RELEASED);
        jne(done);
        emitType();
        bind(done);
    }

    private void emitShifts(Label done) {
        Label goOn = label(), isShift = label(), down = label(), noCaps = label();
        cmp(EAX, CAPS_LOCK);
        jne(noCaps);
        xor(at(shift), CAPS);
        jmp(done);
        bind(noCaps);
        mov(ECX, EAX);
        and(ECX, 0x7f);
        cmp(ECX, LEFT_SHIFT);
        je(isShift);
        cmp(ECX, RIGHT_SHIFT);
        jne(goOn);
        bind(isShift);
        test(EAX, RELEASED);
        je(down);
        and(at(shift), ~SHIFTED);
        jmp(done);
        bind(down);
        or(at(shift), SHIFTED);
        jmp(done);
        bind(goOn);
    }

    /** Caps Lock turns Shift round for letters. */
    private void emitType() {
        Label noLetter = label(), small = label(), chosen = label();
        mov(EBX, at(shift));
        movzx(ECX, byteAt(plain, EAX));
        lea(EDX, at(ECX, -'a'));
        cmp(EDX, 'z' - 'a');
        ja(noLetter);
        test(EBX, CAPS);
        je(noLetter);
        xor(EBX, SHIFTED);
        bind(noLetter);
        test(EBX, SHIFTED);
        je(small);
        movzx(ECX, byteAt(withShift, EAX));
        bind(small);
        mov(EAX, ECX);
        test(EAX, EAX);
        je(chosen);
        call(typed);
        bind(chosen);
    }

    /**
     * A byte of a packet in AL. The first one always has bit 3 set: others before it are dropped.
     */
    private void emitMouse() {
        Label take = label(), done = label(), noWheel = label();
        mov(EBX, at(have));
        test(EBX, EBX);
        jne(take);
        test(AL, 8);
        je(done);
        bind(take);
        mov(byteAt(packet, EBX), AL);
        inc(EBX);
        mov(at(have), EBX);
        cmp(EBX, at(packetBytes));
        jb(done);
        mov(at(have), 0);
        mov(ECX, 0);
        cmp(EBX, 4);
        jne(noWheel);
        movsx(ECX, byteAt(packet).plus(3));
        neg(ECX); // rolled away from the hand is negative on the wire
        bind(noWheel);
        movzx(EDX, byteAt(packet));
        signed(EAX, 1, 0x10);
        signed(EBX, 2, 0x20);
        and(EDX, 7);
        call(pointer.move);
        bind(done);
    }

    /** Nine bits: the sign is in the first byte. */
    private void signed(Operand.Reg to, int octet, int sign) {
        Label positive = label();
        movzx(to, byteAt(packet).plus(octet));
        test(EDX, sign);
        je(positive);
        sub(to, 256);
        bind(positive);
    }
}
