package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBP;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.Reg8.BL;
import static trivium.guests.demo.Operand.at;
import static trivium.guests.demo.Operand.byteAt;

/** The mouse pointer: where it is, the picture of it, and what it draws. */
final class Pointer extends Assembler32 {
    static final int LEFT = 1, RIGHT = 2, MIDDLE = 4;

    /** 1 is black, 2 white, 0 lets the screen through. */
    private static final String[] ARROW = {
        "11..........",
        "121.........",
        "1221........",
        "12221.......",
        "122221......",
        "1222221.....",
        "12222221....",
        "122222221...",
        "1222222221..",
        "12222222221.",
        "122222211111",
        "12221221....",
        "1221.1221...",
        "121..1221...",
        "11....1221..",
        "......1221..",
        ".......11...",
    };

    private static final int WIDTH = 12, HEIGHT = ARROW.length, WHITE = 0xffffff;

    /** Wheel mice count for a screen of 1024 by 768, as our PC's does: 25/32 of it is ours. */
    private static final int COUNT = 25, PIXEL_BITS = 5;

    private static final int BRUSH = 3;

    // spotless:off
    private static final int[] PALETTE = {
        0xf0f4fc, Picture.BT, Picture.VT, Picture.VMI, 0xe05c5c, 0xc080e0, 0x40c8c0, 0xf0e060
    };
    // spotless:on

    final Label init = label();
    final Label hide = label();
    final Label show = label();

    /** Moves by EAX right and EBX up, turns the wheel by ECX, with the buttons EDX. */
    final Label move = label();

    /** Empties the canvas. */
    final Label clear = label();

    final Label tell = label();

    /** In 1/32 pixel. */
    private final Label x = variable(), y = variable();

    private final Label buttons = variable(), wheel = variable();
    private final Label shown = variable(), shownWidth = variable(), shownHeight = variable();
    private final Label saved = room(WIDTH * HEIGHT * 4);
    private final Label fromX = variable(), fromY = variable(), steps = variable();
    private final Label stepX = variable(), stepY = variable(), stroke = label(), dab = label();
    private final Label arrow = label(), palette = label();
    private final Graphics graphics;
    private final Text text;

    Pointer(Image image, Graphics graphics, Text text) {
        super(image);
        this.graphics = graphics;
        this.text = text;
    }

    void emit() {
        bind(arrow);
        for (String row : ARROW) {
            row.chars().forEach(c -> octets(c == '.' ? 0 : c - '0'));
        }
        bind(palette);
        dwords(PALETTE);
        routine(
                init,
                () -> {
                    mov(at(x), Graphics.WIDTH / 2 << PIXEL_BITS);
                    mov(at(y), Picture.CANVAS_Y + Picture.CANVAS_HEIGHT / 2 << PIXEL_BITS);
                });
        routine(hide, this::emitHide);
        routine(show, this::emitShow);
        routine(move, this::emitMove);
        routine(stroke, this::emitStroke);
        routine(dab, this::emitDab);
        routine(
                clear,
                () -> {
                    mov(EAX, Picture.CANVAS_X);
                    mov(EBX, Picture.CANVAS_Y);
                    mov(ECX, Picture.CANVAS_WIDTH);
                    mov(EDX, Picture.CANVAS_HEIGHT);
                    mov(ESI, Picture.CANVAS);
                    call(graphics.fill);
                });
        bind(tell);
        emitTell();
    }

    // --- the picture

    /** At the screen's right and lower edges only a part is seen. */
    private void emitShow() {
        mov(EAX, at(x));
        shr(EAX, PIXEL_BITS);
        mov(EBX, at(y));
        shr(EBX, PIXEL_BITS);
        limit(ECX, Graphics.WIDTH, EAX, WIDTH);
        mov(at(shownWidth), ECX);
        limit(EDX, Graphics.HEIGHT, EBX, HEIGHT);
        mov(at(shownHeight), EDX);
        graphics.locate();
        mov(at(shown), EDI);
        mov(ESI, arrow);
        mov(EBP, saved);
        Label row = here();
        mov(ECX, 0);
        Label column = here(), skip = label(), white = label(), put = label();
        mov(EAX, at(EDI, ECX, 4));
        mov(at(EBP, ECX, 4), EAX);
        mov(BL, byteAt(ESI, ECX));
        cmp(BL, 1);
        jb(skip);
        ja(white);
        mov(EAX, 0);
        jmp(put);
        bind(white);
        mov(EAX, WHITE);
        bind(put);
        mov(at(EDI, ECX, 4), EAX);
        bind(skip);
        inc(ECX);
        cmp(ECX, at(shownWidth));
        jb(column);
        add(EDI, Graphics.PITCH);
        add(ESI, WIDTH);
        add(EBP, WIDTH * 4);
        dec(EDX);
        jne(row);
    }

    /** to = min(whole - from, most). */
    private void limit(Operand.Reg to, int whole, Operand.Reg from, int most) {
        Label fits = label();
        mov(to, whole);
        sub(to, from);
        cmp(to, most);
        jbe(fits);
        mov(to, most);
        bind(fits);
    }

    private void emitHide() {
        Label hidden = label();
        mov(EDI, at(shown));
        test(EDI, EDI);
        je(hidden);
        mov(at(shown), 0);
        mov(EBP, saved);
        mov(EDX, at(shownHeight));
        Label row = here();
        mov(EBX, EDI);
        mov(ESI, EBP);
        mov(ECX, at(shownWidth));
        repMovsd();
        lea(EDI, at(EBX, Graphics.PITCH));
        add(EBP, WIDTH * 4);
        dec(EDX);
        jne(row);
        bind(hidden);
    }

    // --- moving and drawing

    private void emitMove() {
        Label up = label(), held = label(), notRight = label();
        Label[] from = {fromX, fromY};
        Label[] place = {x, y};
        add(at(wheel), ECX);
        for (int i = 0; i < 2; i++) {
            mov(ECX, at(place[i]));
            mov(at(from[i]), ECX);
        }
        moveBy(x, EAX, COUNT, Graphics.WIDTH);
        moveBy(y, EBX, -COUNT, Graphics.HEIGHT);
        test(EDX, RIGHT);
        je(notRight);
        call(clear);
        bind(notRight);
        test(EDX, LEFT);
        je(up);
        test(at(buttons), LEFT);
        jne(held);
        for (int i = 0; i < 2; i++) { // a stroke begins where the button went down
            mov(ECX, at(place[i]));
            mov(at(from[i]), ECX);
        }
        bind(held);
        call(stroke);
        bind(up);
        mov(at(buttons), EDX);
    }

    private void moveBy(Label place, Operand.Reg counts, int count, int size) {
        Label notLow = label(), notHigh = label();
        int most = (size << PIXEL_BITS) - 1;
        imul(counts, counts, count);
        add(counts, at(place));
        jns(notLow);
        mov(counts, 0);
        bind(notLow);
        cmp(counts, most);
        jle(notHigh);
        mov(counts, most);
        bind(notHigh);
        mov(at(place), counts);
    }

    /** Dabs from where the pointer was to where it is, a pixel apart, in 1/65536 pixel. */
    private void emitStroke() {
        distance(EAX, x, fromX);
        distance(EBX, y, fromY);
        magnitude(ECX, EAX);
        magnitude(EDX, EBX);
        Label wider = label();
        cmp(ECX, EDX);
        jae(wider);
        mov(ECX, EDX);
        bind(wider);
        shr(ECX, PIXEL_BITS);
        inc(ECX);
        mov(at(steps), ECX);
        step(stepX, EAX);
        step(stepY, EBX);
        for (Label from : new Label[] {fromX, fromY}) {
            shl(at(from), 16 - PIXEL_BITS);
        }
        inc(at(steps));
        Label next = here();
        call(dab);
        mov(EAX, at(stepX));
        add(at(fromX), EAX);
        mov(EAX, at(stepY));
        add(at(fromY), EAX);
        dec(at(steps));
        jne(next);
    }

    private void distance(Operand.Reg to, Label there, Label here) {
        mov(to, at(there));
        sub(to, at(here));
    }

    private void magnitude(Operand.Reg to, Operand.Reg of) {
        Label positive = label();
        mov(to, of);
        test(to, to);
        jns(positive);
        neg(to);
        bind(positive);
    }

    private void step(Label to, Operand.Reg distance) {
        mov(EAX, distance);
        shl(EAX, 16 - PIXEL_BITS);
        cdq();
        idiv(ECX);
        mov(at(to), EAX);
    }

    /** A dab at from, if it lies within the canvas. */
    private void emitDab() {
        Label outside = label();
        mov(EAX, at(fromX));
        shr(EAX, 16);
        mov(EBX, at(fromY));
        shr(EBX, 16);
        inside(EAX, Picture.CANVAS_X, Picture.CANVAS_WIDTH, outside);
        inside(EBX, Picture.CANVAS_Y, Picture.CANVAS_HEIGHT, outside);
        mov(ECX, at(wheel));
        and(ECX, PALETTE.length - 1);
        mov(ESI, at(palette, ECX, 4));
        mov(ECX, BRUSH);
        mov(EDX, BRUSH);
        call(graphics.fill);
        bind(outside);
    }

    private void inside(Operand.Reg place, int from, int size, Label otherwise) {
        lea(ECX, at(place, -from));
        cmp(ECX, size - BRUSH);
        ja(otherwise);
    }

    private void emitTell() {
        mov(EAX, at(x));
        shr(EAX, PIXEL_BITS);
        call(text.decimal);
        text.character(',');
        mov(EAX, at(y));
        shr(EAX, PIXEL_BITS);
        call(text.decimal);
        button(LEFT, " left");
        button(MIDDLE, " middle");
        button(RIGHT, " right");
        text.words(", wheel ");
        Label positive = label();
        mov(EAX, at(wheel));
        test(EAX, EAX);
        jns(positive);
        neg(EAX);
        push(EAX);
        text.character('-');
        pop(EAX);
        bind(positive);
        call(text.decimal);
        ret();
    }

    private void button(int button, String name) {
        Label up = label();
        test(at(buttons), button);
        je(up);
        text.words(name);
        bind(up);
    }
}
