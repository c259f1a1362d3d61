package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBP;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.Reg8.AL;
import static trivium.guests.demo.Operand.Reg8.DH;
import static trivium.guests.demo.Operand.Reg8.DL;
import static trivium.guests.demo.Operand.at;
import static trivium.guests.demo.Operand.byteAt;

import java.util.ArrayList;
import java.util.List;

/**
 * A linear frame buffer of 800 by 600 pixels, 0x00RRGGBB each, and how to draw on it. Where there
 * is no display adapter everything is drawn into memory that nobody sees.
 */
final class Graphics extends Assembler32 {
    static final int WIDTH = 800, HEIGHT = 600, PITCH = WIDTH * 4;
    private static final int DISPLAY = 0x1111_1234;
    private static final int FRAME_BUFFER = 0xe000_0000, NOWHERE = 0x0020_0000;
    private static final int VBE_INDEX = 0x1ce, VBE_DATA = 0x1cf, VGA_ATTRIBUTE = 0x3c0;
    private static final int VGA_INPUT_STATUS = 0x3da, PALETTE_ON = 0x20;

    /**
     * Index and value (QEMU docs/specs/standard-vga.rst): off, size, depth, on with linear memory.
     */
    private static final int[][] MODE = {{4, 0}, {1, WIDTH}, {2, HEIGHT}, {3, 32}, {4, 0x41}};

    final Label init = label();

    /** Fills from EAX, EBX on ECX by EDX pixels with the colour ESI. */
    final Label fill = label();

    /** Writes the text at ESI at EAX, EBX in {@link #ink} on {@link #paper}. */
    final Label write = label();

    /** Shows the text at ESI in the field at EDI: only what differs from before is drawn. */
    final Label show = label();

    /** Where the frame buffer begins, or 0 as long as nothing may be drawn. */
    final Label frameBuffer = variable();

    final Label ink = variable(), paper = variable(), face = variable();
    final Label thin = label(), bold = label();
    private final Label glyph = label();
    private final Pci pci;
    private final List<Field> fields = new ArrayList<>();

    private record Field(Label label, int x, int y, int columns, int ink, int paper, Label shown) {}

    Graphics(Image image, Pci pci) {
        super(image);
        this.pci = pci;
    }

    /** A place for a text of that many characters, that may change. */
    Label field(int x, int y, int columns, int ink, int paper) {
        Field field = new Field(label(), x, y, columns, ink, paper, room(columns));
        fields.add(field);
        return field.label;
    }

    void emit() {
        routine(init, this::emitInit);
        routine(fill, this::emitFill);
        routine(glyph, this::emitGlyph);
        routine(write, this::emitWrite);
        routine(show, this::emitShow);
        bind(thin);
        octets(Font.glyphs(false));
        bind(bold);
        octets(Font.glyphs(true));
    }

    /** After everybody asked for fields. */
    void emitFields() {
        for (Field f : fields) {
            bind(f.label);
            dwords(f.x, f.y, f.columns, f.ink, f.paper);
            address(f.shown);
        }
    }

    private void emitInit() {
        Label none = label(), placed = label(), done = label();
        mov(EAX, DISPLAY);
        call(pci.find);
        test(EAX, EAX);
        je(none);
        mov(EBX, EAX);
        add(EAX, Pci.BAR0);
        call(pci.read);
        and(EAX, -16);
        jne(placed);
        lea(EAX, at(EBX, Pci.BAR0));
        mov(EDX, FRAME_BUFFER);
        call(pci.write);
        mov(EAX, EDX);
        bind(placed);
        mov(at(frameBuffer), EAX);
        mov(EAX, EBX);
        pci.setBits(Pci.COMMAND, Pci.IO_SPACE | Pci.MEMORY_SPACE);
        emitMode();
        jmp(done);
        bind(none);
        mov(at(frameBuffer), NOWHERE);
        bind(done);
    }

    private void emitMode() {
        for (int[] register : MODE) {
            mov(EDX, VBE_INDEX);
            mov(EAX, register[0]);
            outAx();
            mov(EDX, VBE_DATA);
            mov(EAX, register[1]);
            outAx();
        }
        mov(EDX, VGA_INPUT_STATUS); // the next write is an index, whose bit 5 ends the blanking
        inAl();
        mov(EDX, VGA_ATTRIBUTE);
        mov(AL, PALETTE_ON);
        outAl();
    }

    /** EDI = where the pixel EAX, EBX lies; changes EDI only. */
    void locate() {
        imul(EDI, EBX, PITCH);
        lea(EDI, at(EDI, EAX, 4));
        add(EDI, at(frameBuffer));
    }

    private void emitFill() {
        locate();
        mov(EAX, ESI);
        mov(EBX, ECX);
        Label row = here();
        mov(ECX, EBX);
        mov(ESI, EDI);
        repStosd();
        lea(EDI, at(ESI, PITCH));
        dec(EDX);
        jne(row);
    }

    /** The character in CL at EAX, EBX. */
    private void emitGlyph() {
        Label known = label(), paperIt = label();
        locate();
        and(ECX, 0xff);
        sub(ECX, Font.FIRST);
        cmp(ECX, Font.LAST - Font.FIRST);
        jbe(known);
        mov(ECX, '?' - Font.FIRST);
        bind(known);
        shl(ECX, 4);
        add(ECX, at(face));
        mov(ESI, ECX);
        mov(EBP, at(ink));
        mov(ECX, at(paper));
        mov(EBX, Font.HEIGHT);
        Label row = here();
        mov(DL, byteAt(ESI));
        inc(ESI);
        mov(DH, Font.WIDTH);
        Label column = here();
        mov(EAX, ECX);
        add(DL, DL);
        jae(paperIt);
        mov(EAX, EBP);
        bind(paperIt);
        stosd();
        dec(DH);
        jne(column);
        add(EDI, PITCH - 4 * Font.WIDTH);
        dec(EBX);
        jne(row);
    }

    private void emitWrite() {
        Label done = label();
        Label next = here();
        movzx(ECX, byteAt(ESI));
        test(ECX, ECX);
        je(done);
        call(glyph);
        add(EAX, Font.WIDTH);
        inc(ESI);
        jmp(next);
        bind(done);
    }

    private void emitShow() {
        Label more = label(), same = label();
        mov(EAX, Text.field(EDI, 3));
        mov(at(ink), EAX);
        mov(EAX, Text.field(EDI, 4));
        mov(at(paper), EAX);
        mov(at(face), thin);
        mov(EAX, Text.field(EDI, 0));
        mov(EBX, Text.field(EDI, 1));
        mov(EDX, Text.field(EDI, 2));
        mov(EDI, Text.field(EDI, 5));
        Label next = here();
        movzx(ECX, byteAt(ESI));
        test(ECX, ECX);
        jne(more);
        mov(ECX, ' '); // and stay at the text's end
        dec(ESI);
        bind(more);
        inc(ESI);
        cmp(Operand.Reg8.CL, byteAt(EDI));
        je(same);
        mov(byteAt(EDI), Operand.Reg8.CL);
        call(glyph);
        bind(same);
        inc(EDI);
        add(EAX, Font.WIDTH);
        dec(EDX);
        jne(next);
    }

    /** Sets a variable to an address: EAX changes. */
    void mov(Operand.Mem variable, Label value) {
        mov(EAX, value);
        mov(variable, EAX);
    }
}
