package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBP;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.at;

/** Three roads that turn about the place where they meet, with traffic on them. */
final class Animation extends Assembler32 {
    private static final int SIZE = 128, X = Picture.ROADS_X + 32, Y = Picture.FACTS_Y + 24;
    private static final int TURN = 256, UNIT_BITS = 14, ROADS = 3;
    private static final int LENGTH = 54, STEP = 3, ROAD_WIDTH = 9, CAR_WIDTH = 3, CARS_APART = 18;
    private static final int CAR = 0xf8f8f0, PLACE_WIDTH = 13;

    /** Turns by a step and draws into memory. */
    final Label compose = label();

    /** Brings the drawing onto the screen. */
    final Label present = label();

    private final Label canvas = room(SIZE * SIZE * 4), angle = variable(), traffic = variable();
    private final Label blot = label(), along = label(), sines = label();
    private final Graphics graphics;

    Animation(Image image, Graphics graphics) {
        super(image);
        this.graphics = graphics;
    }

    void emit() {
        bind(sines);
        for (int i = 0; i < TURN + TURN / 4; i++) {
            dwords((int) Math.round(Math.sin(2 * Math.PI * i / TURN) * (1 << UNIT_BITS)));
        }
        Label colours = here();
        dwords(Picture.BT, Picture.VT, Picture.VMI);
        routine(compose, () -> emitCompose(colours));
        routine(present, this::emitPresent);
        routine(along, this::emitAlong);
        routine(blot, this::emitBlot);
    }

    private void emitCompose(Label colours) {
        mov(EDI, canvas);
        mov(EAX, Picture.PANEL);
        mov(ECX, SIZE * SIZE);
        repStosd();
        add(at(angle), 1);
        and(at(angle), TURN - 1);
        emitNextTraffic();
        for (int road = 0; road < ROADS; road++) {
            mov(EBX, 0);
            mov(EDX, STEP);
            mov(ECX, ROAD_WIDTH);
            mov(ESI, at(colours).plus(4 * road));
            emitRoad(road);
        }
        for (int road = 0; road < ROADS; road++) {
            mov(EBX, at(traffic));
            mov(EDX, CARS_APART);
            mov(ECX, CAR_WIDTH);
            mov(ESI, CAR);
            emitRoad(road);
        }
        mov(EAX, SIZE / 2);
        mov(EBX, SIZE / 2);
        mov(ECX, PLACE_WIDTH);
        mov(ESI, CAR);
        call(blot);
    }

    private void emitNextTraffic() {
        Label goOn = label();
        inc(at(traffic));
        cmp(at(traffic), CARS_APART);
        jb(goOn);
        mov(at(traffic), 0);
        bind(goOn);
    }

    private void emitRoad(int road) {
        mov(EAX, at(angle));
        add(EAX, road * TURN / ROADS);
        and(EAX, TURN - 1);
        call(along);
    }

    /** Blots of size ECX and colour ESI on the ray at angle EAX, from EBX on, EDX apart. */
    private void emitAlong() {
        mov(EDI, EAX);
        mov(EBP, EDX);
        Label next = here();
        mov(EDX, EBX);
        mov(EAX, at(sines, EDI, 4).plus(TURN)); // the cosine: a quarter of the turn, of dwords, on
        imul(EAX, EBX);
        sar(EAX, UNIT_BITS);
        add(EAX, SIZE / 2);
        imul(EBX, at(sines, EDI, 4));
        sar(EBX, UNIT_BITS);
        add(EBX, SIZE / 2);
        call(blot);
        mov(EBX, EDX);
        add(EBX, EBP);
        cmp(EBX, LENGTH);
        jbe(next);
    }

    /** A square with its middle at EAX, EBX, ECX wide, of colour ESI. */
    private void emitBlot() {
        mov(EDX, ECX);
        shr(EDX, 1);
        sub(EAX, EDX);
        sub(EBX, EDX);
        imul(EBX, EBX, SIZE);
        add(EBX, EAX);
        mov(EDI, canvas);
        lea(EDI, at(EDI, EBX, 4));
        mov(EAX, ESI);
        mov(EDX, ECX);
        mov(EBX, ECX);
        Label row = here();
        mov(ECX, EBX);
        mov(ESI, EDI);
        repStosd();
        lea(EDI, at(ESI, SIZE * 4));
        dec(EDX);
        jne(row);
    }

    private void emitPresent() {
        mov(EAX, X);
        mov(EBX, Y);
        graphics.locate();
        mov(ESI, canvas);
        mov(EDX, SIZE);
        Label row = here();
        mov(ECX, SIZE);
        repMovsd();
        add(EDI, Graphics.PITCH - 4 * SIZE);
        dec(EDX);
        jne(row);
    }
}
