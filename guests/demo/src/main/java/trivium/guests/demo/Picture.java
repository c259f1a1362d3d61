package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBP;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.at;
import static trivium.guests.demo.Operand.byteAt;

import java.util.ArrayList;
import java.util.List;

/** What stands still on the screen: background, panels, title, legends. Drawn once. */
final class Picture extends Assembler32 {
    static final int PANEL = 0x111a2d, CANVAS = 0x0a101c, LABEL = 0x8aa0c8, VALUE = 0xf0f4fc;
    static final int BT = 0x4d9de0, VT = 0x5cb85c, VMI = 0xf0a030;
    static final int CANVAS_X = 26, CANVAS_Y = 390, CANVAS_WIDTH = 748, CANVAS_HEIGHT = 104;
    static final int FACTS_X = 24, FACTS_Y = 104, ROADS_X = 584, ROADS_WIDTH = 192;
    private static final int HEADER = 0x16213a, BORDER = 0x2b3a5a, DIM = 0x6c7f9f;
    private static final int TOP = 0x0d1526, BOTTOM = 0x24385c, PANEL_HEIGHT = 252;
    private static final int HEADER_HEIGHT = 84, FOOTER_Y = 572, TITLE_X = 24, TITLE_Y = 8;
    private static final int[] ROAD_COLOURS = {BT, VT, VMI};
    private static final String[] ROADS = {"BT   translation", "VT   hardware", "VMI  paravirtual"};

    final Label draw = label();
    private final Graphics graphics;
    private final List<int[]> boxes = new ArrayList<>();
    private final List<Words> words = new ArrayList<>();

    private record Words(int x, int y, int ink, int paper, boolean bold, String text) {}

    Picture(Image image, Graphics graphics) {
        super(image);
        this.graphics = graphics;
        gradient();
        header();
        panel(FACTS_X, FACTS_Y, 536, PANEL_HEIGHT);
        panel(ROADS_X, FACTS_Y, ROADS_WIDTH, PANEL_HEIGHT);
        for (int i = 0; i < ROADS.length; i++) {
            int y = 284 + 22 * i;
            box(ROADS_X + 18, y + 4, 10, 10, ROAD_COLOURS[i]);
            words(ROADS_X + 38, y, LABEL, PANEL, false, ROADS[i]);
        }
        panel(24, 366, 752, 130);
        box(CANVAS_X, CANVAS_Y, CANVAS_WIDTH, CANVAS_HEIGHT, CANVAS);
        words(40, 370, LABEL, PANEL, false, "Draw: left button.  Colour: wheel.  Clear: right.");
        panel(24, 506, 752, 56);
        box(0, FOOTER_Y, Graphics.WIDTH, Graphics.HEIGHT - FOOTER_Y, HEADER);
        words(40, FOOTER_Y + 6, LABEL, HEADER, false, "F10 powers off.");
        words(
                200,
                FOOTER_Y + 6,
                DIM,
                HEADER,
                false,
                "Type here or on COM1: help info off reboot clear");
    }

    private void gradient() {
        for (int y = HEADER_HEIGHT; y < FOOTER_Y; y += 4) {
            int share = (y - HEADER_HEIGHT) * 256 / (FOOTER_Y - HEADER_HEIGHT);
            box(0, y, Graphics.WIDTH, 4, mix(TOP, BOTTOM, share, 256));
        }
    }

    private void header() {
        box(0, 0, Graphics.WIDTH, 78, HEADER);
        for (int i = 0; i < ROAD_COLOURS.length; i++) {
            box(0, 78 + 2 * i, Graphics.WIDTH, 2, ROAD_COLOURS[i]);
        }
        words(288, 22, VALUE, HEADER, true, "A real PC, where three roads meet");
        words(
                288,
                44,
                LABEL,
                HEADER,
                false,
                "The demonstration guest: made by the build, no firmware");
    }

    private void panel(int x, int y, int width, int height) {
        box(x, y, width, height, BORDER);
        box(x + 1, y + 1, width - 2, height - 2, PANEL);
    }

    private void box(int x, int y, int width, int height, int colour) {
        boxes.add(new int[] {x, y, width, height, colour});
    }

    void words(int x, int y, int ink, int paper, boolean bold, String text) {
        words.add(new Words(x, y, ink, paper, bold, text));
    }

    private static int mix(int from, int to, int share, int whole) {
        int colour = 0;
        for (int shift = 0; shift < 24; shift += 8) {
            int a = from >> shift & 0xff, b = to >> shift & 0xff;
            colour |= a + (b - a) * share / whole << shift;
        }
        return colour;
    }

    void emit() {
        Label boxTable = boxTable(), wordTable = wordTable();
        routine(
                draw,
                () -> {
                    emitBoxes(boxTable);
                    emitWords(wordTable);
                    emitTitle();
                });
    }

    private Label boxTable() {
        Label table = here();
        boxes.forEach(this::dwords);
        return table;
    }

    private Label wordTable() {
        List<Label> texts = words.stream().map(w -> text(w.text)).toList();
        Label table = here();
        for (int i = 0; i < words.size(); i++) {
            Words w = words.get(i);
            dwords(w.x, w.y, w.ink, w.paper);
            address(w.bold ? graphics.bold : graphics.thin);
            address(texts.get(i));
        }
        return table;
    }

    private void emitBoxes(Label table) {
        mov(EDI, table);
        mov(EBP, boxes.size());
        Label next = here();
        mov(EAX, Text.field(EDI, 0));
        mov(EBX, Text.field(EDI, 1));
        mov(ECX, Text.field(EDI, 2));
        mov(EDX, Text.field(EDI, 3));
        mov(ESI, Text.field(EDI, 4));
        call(graphics.fill);
        add(EDI, 5 * 4);
        dec(EBP);
        jne(next);
    }

    private void emitWords(Label table) {
        mov(EDI, table);
        mov(EBP, words.size());
        Label next = here();
        Label[] variables = {graphics.ink, graphics.paper, graphics.face};
        for (int i = 0; i < variables.length; i++) {
            mov(EAX, Text.field(EDI, 2 + i));
            mov(at(variables[i]), EAX);
        }
        mov(EAX, Text.field(EDI, 0));
        mov(EBX, Text.field(EDI, 1));
        mov(ESI, Text.field(EDI, 5));
        call(graphics.write);
        add(EDI, 6 * 4);
        dec(EBP);
        jne(next);
    }

    private void emitTitle() {
        byte[][] pixels = Font.large("Trivium");
        Label table = label(), colours = label(), over = label();
        jmp(over);
        bind(table);
        for (byte[] row : pixels) {
            octets(row);
        }
        bind(colours);
        for (int share = 0; share <= 4; share++) {
            dwords(mix(HEADER, VALUE, share, 4));
        }
        bind(over);
        mov(EAX, TITLE_X);
        mov(EBX, TITLE_Y);
        graphics.locate();
        mov(ESI, table);
        mov(EDX, pixels.length);
        Label row = here();
        mov(ECX, pixels[0].length);
        Label column = here();
        movzx(EAX, byteAt(ESI));
        inc(ESI);
        mov(EAX, at(colours, EAX, 4));
        stosd();
        dec(ECX);
        jne(column);
        add(EDI, Graphics.PITCH - 4 * pixels[0].length);
        dec(EDX);
        jne(row);
    }
}
