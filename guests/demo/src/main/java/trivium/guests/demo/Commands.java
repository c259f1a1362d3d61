package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.Reg8.AL;
import static trivium.guests.demo.Operand.at;
import static trivium.guests.demo.Operand.byteAt;

import java.util.LinkedHashMap;
import java.util.Map;

/** Two command lines, one on the screen and one on COM1, and what can be commanded. */
final class Commands extends Assembler32 {
    private static final int MOST = 60, COLUMNS = 80, ESCAPE = 0x1b, DELETE = 0x7f;
    private static final int LINE_BYTES = 4 + MOST + 4;
    static final String PROMPT = "demo> ";

    final Label init = label();

    /** Takes the character in AL from the keyboard. */
    final Label typed = label();

    /** Takes what COM1 received. */
    final Label poll = label();

    /** Says what is going on over COM1, in a line of its own: runs the routine at ESI there. */
    final Label interject = label();

    /** These power off; jumps to them do not return. */
    final Label onF10 = label(), onButton = label();

    /** A length, then the characters. */
    private final Label screenLine = room(LINE_BYTES), serialLine = room(LINE_BYTES);

    private final Label screenAnswers = variable(), lastReceived = variable();
    private final Label field, answerField, shown = room(COLUMNS + 16);
    private final Label take = label(), show = label(), execute = label(), reply = label();
    private final Label received = label(), prompt = label(), promptText = label();
    private final Label newLine = label(), append = label(), sayOff = label();
    private final Map<String, Label> handlers = new LinkedHashMap<>();
    private final Graphics graphics;
    private final Serial serial;
    private final Facts facts;
    private final Pointer pointer;
    private final Power power;
    private final Text text;

    Commands(
            Image image,
            Graphics graphics,
            Serial serial,
            Facts facts,
            Pointer pointer,
            Power power,
            Text text) {
        super(image);
        this.graphics = graphics;
        this.serial = serial;
        this.facts = facts;
        this.pointer = pointer;
        this.power = power;
        this.text = text;
        field = graphics.field(40, 514, COLUMNS, Picture.VALUE, Picture.PANEL);
        answerField = graphics.field(40, 536, COLUMNS, Picture.VT, Picture.PANEL);
    }

    void emit() {
        bind(promptText);
        text(PROMPT);
        bind(newLine);
        text("\r\n");
        emitHandlers();
        Label table = here();
        Map<String, Label> names = new LinkedHashMap<>();
        handlers.keySet().forEach(name -> names.put(name, label()));
        handlers.forEach((name, handler) -> {
            address(names.get(name));
            address(handler);
        });
        names.forEach((name, label) -> {
            bind(label);
            text(name);
        });
        routine(execute, () -> emitExecute(table));
        routine(
                init,
                () -> {
                    call(show);
                    call(prompt);
                });
        routine(typed, this::emitTyped);
        routine(show, this::emitShow);
        routine(reply, this::emitReply);
        routine(poll, this::emitPoll);
        routine(received, this::emitReceived);
        routine(prompt, this::emitPrompt);
        routine(
                interject,
                () -> {
                    send(newLine);
                    call(ESI);
                    call(prompt);
                });
        emitTake();
        emitAppend();
    }

    private void send(Label text) {
        push(ESI);
        mov(ESI, text);
        call(serial.puts);
        pop(ESI);
    }

    // --- commands

    private void emitHandlers() {
        Label help = handler("help", () -> reply("help, info, off, reboot, clear (the drawing)"));
        handlers.put("?", help);
        handler(
                "info",
                () -> {
                    Label toSerial = label();
                    call(facts.send);
                    cmp(at(screenAnswers), 0);
                    je(toSerial);
                    reply("sent over COM1; on the screen it always is");
                    bind(toSerial);
                });
        handler(
                "clear",
                () -> {
                    call(pointer.clear);
                    reply("cleared");
                });
        handlers.put("off", offBecause(label(), "the command off"));
        offBecause(onF10, "F10");
        offBecause(onButton, "the power button");
        handler(
                "reboot",
                () -> {
                    reply("rebooting");
                    call(power.reboot);
                });
        Label by = label();
        bind(sayOff);
        send(newLine);
        send(by);
        call(serial.puts);
        send(newLine);
        call(power.off);
        bind(by);
        text("powering off: ");
    }

    private Label handler(String name, Runnable body) {
        Label handler = label();
        routine(handler, body);
        handlers.put(name, handler);
        return handler;
    }

    private Label offBecause(Label entry, String reason) {
        Label why = text(reason);
        bind(entry);
        mov(ESI, why);
        jmp(sayOff);
        return entry;
    }

    private void reply(String answer) {
        Label text = label(), over = label();
        mov(ESI, text);
        call(reply);
        jmp(over);
        bind(text);
        text(answer);
        bind(over);
    }

    /** Answers where the command came from: the text at ESI. */
    private void emitReply() {
        Label onSerial = label(), done = label();
        cmp(at(screenAnswers), 0);
        je(onSerial);
        mov(EDI, answerField);
        call(graphics.show);
        jmp(done);
        bind(onSerial);
        call(serial.puts);
        send(newLine);
        bind(done);
    }

    /** Runs the line at EBX and empties it. */
    private void emitExecute(Label table) {
        Label found = label(), done = label();
        mov(ECX, at(EBX));
        test(ECX, ECX);
        je(done);
        mov(at(EBX), 0);
        lea(EBX, at(EBX, 4));
        mov(byteAt(EBX, ECX), 0);
        mov(EDX, table);
        mov(ECX, handlers.size());
        Label next = here();
        mov(ESI, EBX);
        mov(EDI, at(EDX));
        text.ifEqual(found);
        add(EDX, 8);
        dec(ECX);
        jne(next);
        reply("no such command; there are help, info, off, reboot, clear");
        jmp(done);
        bind(found);
        call(at(EDX, 4));
        bind(done);
    }

    // --- lines

    /**
     * Takes the character in AL into the line at EBX. EAX = 0 if nothing happened, 1 if it was
     * added, 2 if one was removed, 3 if the line is complete. Changes ECX.
     */
    private void emitTake() {
        Label noReturn = label(), noBack = label(), back = label(), nothing = label();
        bind(take);
        mov(ECX, at(EBX));
        cmp(AL, '\r');
        jne(noReturn);
        mov(EAX, 3);
        ret();
        bind(noReturn);
        cmp(AL, '\b');
        je(back);
        cmp(AL, DELETE);
        jne(noBack);
        bind(back);
        test(ECX, ECX);
        je(nothing);
        dec(at(EBX));
        mov(EAX, 2);
        ret();
        bind(noBack);
        cmp(AL, Font.FIRST);
        jb(nothing);
        cmp(AL, Font.LAST);
        ja(nothing);
        cmp(ECX, MOST);
        jae(nothing);
        lea(ECX, at(EBX, ECX, 1));
        mov(byteAt(ECX).plus(4), AL);
        inc(at(EBX));
        mov(EAX, 1);
        ret();
        bind(nothing);
        mov(EAX, 0);
        ret();
    }

    private void emitTyped() {
        Label noEscape = label(), done = label();
        mov(EBX, screenLine);
        cmp(AL, ESCAPE);
        jne(noEscape);
        mov(at(EBX), 0);
        bind(noEscape);
        call(take);
        cmp(EAX, 3);
        jne(done);
        mov(at(screenAnswers), 1);
        call(execute);
        mov(at(screenAnswers), 0);
        bind(done);
        call(show);
    }

    private void emitShow() {
        mov(EDI, shown);
        text.words("> ");
        mov(ESI, screenLine);
        call(append);
        text.character('_');
        text.zero();
        mov(ESI, shown);
        mov(EDI, field);
        call(graphics.show);
    }

    private void emitPoll() {
        Label empty = label();
        Label next = here();
        serial.received.take(empty);
        and(EAX, 0xff);
        call(received);
        jmp(next);
        bind(empty);
    }

    /** A line ends with CR, LF or both. */
    private void emitReceived() {
        Label noFeed = label(), done = label(), notAdded = label(), noBack = label();
        mov(EDX, at(lastReceived));
        mov(at(lastReceived), EAX);
        cmp(AL, '\n');
        jne(noFeed);
        cmp(EDX, '\r');
        je(done);
        mov(EAX, '\r');
        bind(noFeed);
        mov(EDX, EAX);
        mov(EBX, serialLine);
        call(take);
        cmp(EAX, 1);
        jne(notAdded);
        mov(EAX, EDX);
        call(serial.put);
        jmp(done);
        bind(notAdded);
        cmp(EAX, 2);
        jne(noBack);
        Label rubOut = label(), over = label();
        jmp(over);
        bind(rubOut);
        text("\b \b");
        bind(over);
        send(rubOut);
        jmp(done);
        bind(noBack);
        cmp(EAX, 3);
        jne(done);
        send(newLine);
        call(execute);
        call(prompt);
        bind(done);
    }

    /** The prompt, and what was typed behind it. */
    private void emitPrompt() {
        send(promptText);
        Label buffer = room(LINE_BYTES);
        mov(EDI, buffer);
        mov(ESI, serialLine);
        call(append);
        text.zero();
        send(buffer);
    }

    /** Appends the line at ESI, at EDI, which moves on. */
    private void emitAppend() {
        Label done = label(), next = label();
        bind(append);
        push(EAX);
        push(ECX);
        push(ESI);
        mov(ECX, at(ESI));
        add(ESI, 4);
        bind(next);
        test(ECX, ECX);
        je(done);
        lodsb();
        stosb();
        dec(ECX);
        jmp(next);
        bind(done);
        pop(ESI);
        pop(ECX);
        pop(EAX);
        ret();
    }
}
