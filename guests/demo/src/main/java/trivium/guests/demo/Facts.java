package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBP;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.at;

import java.util.ArrayList;
import java.util.List;

/** The table of what the guest sees: a line each on the screen and, when asked for, on COM1. */
final class Facts extends Assembler32 {
    private static final int ROW = 21, VALUE_X = 112, COLUMNS = 51, LINE_BYTES = 256;

    /** Brings the screen up to date. */
    final Label show = label();

    /** Sends all of it over COM1. */
    final Label send = label();

    /** Sends only the line about the engine. */
    final Label sendEngine = label();

    private final Graphics graphics;
    private final Picture picture;
    private final Serial serial;
    private final Text text;
    private final Label line = room(LINE_BYTES);
    private final Label build = label(), sendOne = label();
    private final List<Fact> facts = new ArrayList<>();

    private record Fact(String name, Label name0, Label teller, Label field) {}

    Facts(Image image, Graphics graphics, Picture picture, Serial serial, Text text) {
        super(image);
        this.graphics = graphics;
        this.picture = picture;
        this.serial = serial;
        this.text = text;
    }

    /**
     * One more line.
     *
     * @param teller appends what there is to say at EDI; may change all registers
     */
    void add(String name, Label teller) {
        int y = Picture.FACTS_Y + 10 + ROW * facts.size();
        int x = Picture.FACTS_X + 16;
        picture.words(x, y, Picture.LABEL, Picture.PANEL, false, name);
        Label field = graphics.field(x + VALUE_X - 16, y, COLUMNS, Picture.VALUE, Picture.PANEL);
        facts.add(new Fact(name, label(), teller, field));
    }

    void emit() {
        facts.forEach(f -> {
            bind(f.name0);
            text(f.name + ": ");
        });
        Label table = here();
        facts.forEach(f -> {
            address(f.name0);
            address(f.teller);
            address(f.field);
        });
        routine(
                build,
                () -> {
                    mov(EDI, line);
                    call(at(EBP, 4));
                    text.zero();
                });
        routine(
                show,
                () ->
                        each(
                                table,
                                () -> {
                                    call(build);
                                    mov(ESI, line);
                                    mov(EDI, at(EBP, 8));
                                    call(graphics.show);
                                }));
        routine(sendOne, this::emitSendOne);
        routine(send, () -> each(table, () -> call(sendOne)));
        routine(
                sendEngine,
                () -> {
                    mov(EBP, table);
                    add(EBP, 12 * indexOf("engine"));
                    call(sendOne);
                });
    }

    private int indexOf(String name) {
        return facts.stream().map(Fact::name).toList().indexOf(name);
    }

    /** Runs the body with EBP at each entry. */
    private void each(Label table, Runnable body) {
        mov(EBP, table);
        mov(EBX, facts.size());
        Label next = here();
        body.run();
        add(EBP, 12);
        dec(EBX);
        jne(next);
    }

    private void emitSendOne() {
        mov(ESI, at(EBP, 0));
        call(serial.puts);
        call(build);
        mov(ESI, line);
        call(serial.puts);
        mov(EDI, line);
        text.words("\r\n");
        text.zero();
        mov(ESI, line);
        call(serial.puts);
    }

    // --- tellers

    Label memory(FirmwareItems items) {
        return teller(() -> {
            mov(EAX, at(items.memoryMiB));
            call(text.decimal);
            text.words(" MiB");
        });
    }

    Label number(Label variable) {
        return teller(() -> {
            mov(EAX, at(variable));
            call(text.decimal);
        });
    }

    Label string(Label string) {
        return teller(() -> {
            mov(ESI, string);
            call(text.append);
        });
    }

    Label speed(Stopwatch stopwatch) {
        return teller(() -> {
            mov(EAX, at(stopwatch.speed));
            mov(EDX, 0);
            mov(EBX, 10);
            div(EBX);
            call(text.decimal);
            text.character('.');
            mov(EAX, EDX);
            call(text.decimal);
            text.words(" million instructions a second");
        });
    }

    Label uptime(Stopwatch stopwatch) {
        return teller(() -> {
            mov(EAX, at(stopwatch.seconds));
            mov(EBX, 60);
            mov(EDX, 0);
            div(EBX);
            push(EDX);
            mov(EDX, 0);
            div(EBX);
            push(EDX);
            call(text.decimal);
            text.character(':');
            pop(EAX);
            call(text.twoDigits);
            text.character(':');
            pop(EAX);
            call(text.twoDigits);
        });
    }

    Label display() {
        return teller(() -> {
            text.words("800 x 600, 32 bits, at ");
            mov(EAX, at(graphics.frameBuffer));
            call(text.hex);
        });
    }

    private Label teller(Runnable body) {
        Label teller = here();
        body.run();
        ret();
        return teller;
    }
}
