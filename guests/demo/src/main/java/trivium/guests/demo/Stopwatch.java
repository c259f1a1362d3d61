package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBP;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.at;

/** Time since the start, and how many instructions of a plain loop run in it. */
final class Stopwatch extends Assembler32 {
    private static final int BATCH = 500, LOOP_INSTRUCTIONS = 10;
    private static final int WINDOW_COUNTS = Power.COUNTS_PER_SECOND / 25;

    /** Takes over the time that went by; to be called at least every four seconds. */
    final Label update = label();

    /** Runs the loop for 40 ms and sets {@link #speed}. */
    final Label measure = label();

    final Label seconds = variable();

    /** In 100,000 instructions a second. */
    final Label speed = variable();

    private final Label last = variable(), counts = variable(), scratch = variable();
    private final Label batches = variable();
    private final Power power;

    Stopwatch(Image image, Power power) {
        super(image);
        this.power = power;
    }

    void emit() {
        routine(update, this::emitUpdate);
        routine(measure, this::emitMeasure);
    }

    private void emitUpdate() {
        Label done = label();
        call(power.now);
        mov(EBX, EAX);
        sub(EAX, at(last));
        and(EAX, 0xff_ffff);
        mov(at(last), EBX);
        add(EAX, at(counts));
        Label next = here();
        cmp(EAX, Power.COUNTS_PER_SECOND);
        jb(done);
        sub(EAX, Power.COUNTS_PER_SECOND);
        inc(at(seconds));
        jmp(next);
        bind(done);
        mov(at(counts), EAX);
    }

    private void emitMeasure() {
        mov(at(batches), 0);
        call(power.now);
        mov(EBP, EAX);
        Label batch = here();
        mov(ECX, BATCH);
        emitLoop();
        inc(at(batches));
        call(power.now);
        sub(EAX, EBP);
        and(EAX, 0xff_ffff);
        cmp(EAX, WINDOW_COUNTS);
        jb(batch);
        // speed = instructions / (counts / COUNTS_PER_SECOND) / 100,000
        mov(ECX, EAX);
        shr(ECX, 4);
        mov(EAX, at(batches));
        mov(EDX, BATCH * LOOP_INSTRUCTIONS);
        mul(EDX);
        mov(EBX, Power.COUNTS_PER_SECOND / 16);
        emitMulDiv();
        mov(EDX, 0);
        mov(EBX, 100_000);
        div(EBX);
        mov(at(speed), EAX);
    }

    /** Loads, stores, arithmetic: ten instructions a round, ECX rounds. */
    private void emitLoop() {
        mov(EAX, 1);
        mov(EBX, 2);
        Label round = here();
        add(EAX, EBX);
        xor(EBX, ECX);
        shl(EAX, 3);
        mov(at(scratch), EAX);
        lea(EDI, at(EAX, EBX, 4));
        mov(EDX, at(scratch));
        sub(EBX, EDI);
        and(EDX, 0xff);
        dec(ECX);
        jne(round);
    }

    /** EAX = EAX * EBX / ECX; all ones if that is too large. */
    private void emitMulDiv() {
        Label large = label(), done = label();
        mul(EBX);
        cmp(EDX, ECX);
        jae(large);
        div(ECX);
        jmp(done);
        bind(large);
        mov(EAX, -1);
        bind(done);
    }
}
