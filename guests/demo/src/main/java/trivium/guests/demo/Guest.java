package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.Reg.ESP;
import static trivium.guests.demo.Operand.at;

/**
 * The whole guest: the Multiboot header (Multiboot Specification 0.6.96, "OS image format"), the
 * start and the main loop, which sleeps until an interrupt has brought something to do.
 */
final class Guest extends Assembler32 {
    static final int ORIGIN = 0x10_0000;
    private static final int MAGIC = 0x1bad_b002, FLAGS = 1 << 16 | 2; // addresses; tell memory
    private static final int STACK_BYTES = 16 * 1024;
    private static final int TICKS_PER_FRAME = Interrupts.TICKS_PER_SECOND / 20;
    private static final int SECONDS_PER_MEASUREMENT = 5;

    private final Image image;
    private final Label multibootInfo = variable(), stack;
    private final Label lastFrame = variable(), lastSecond = variable(), nextMeasurement;
    private final Label lastEngine = room(FirmwareItems.ENGINE_BYTES);
    private final Label frame = label(), second = label(), newEngine = label();
    private final Text text;
    private final Serial serial;
    private final Interrupts interrupts;
    private final Pci pci;
    private final Power power;
    private final Stopwatch stopwatch;
    private final Processor processor;
    private final FirmwareItems items;
    private final Graphics graphics;
    private final Picture picture;
    private final Animation animation;
    private final Pointer pointer;
    private final Facts facts;
    private final Commands commands;
    private final Input input;

    private Guest(Image image) {
        super(image);
        this.image = image;
        stack = room(STACK_BYTES);
        nextMeasurement = variable();
        text = new Text(image);
        serial = new Serial(image);
        interrupts = new Interrupts(image, serial, text);
        pci = new Pci(image);
        power = new Power(image, pci, interrupts.ticks);
        stopwatch = new Stopwatch(image, power);
        processor = new Processor(image, text);
        items = new FirmwareItems(image, text, multibootInfo);
        graphics = new Graphics(image, pci);
        picture = new Picture(image, graphics);
        animation = new Animation(image, graphics);
        pointer = new Pointer(image, graphics, text);
        facts = new Facts(image, graphics, picture, serial, text);
        commands = new Commands(image, graphics, serial, facts, pointer, power, text);
        input = new Input(image, interrupts.ps2, power, pointer, commands.typed, commands.onF10);
    }

    static byte[] assemble() {
        Image image = new Image(ORIGIN);
        new Guest(image).emit();
        return image.finish();
    }

    private void emit() {
        Label entry = label();
        emitHeader(entry);
        bind(entry);
        emitStart();
        emitMainLoop();
        routine(frame, this::emitFrame);
        routine(second, this::emitSecond);
        bind(newEngine);
        emitNewEngine();
        text.emit();
        serial.emit();
        interrupts.emit();
        pci.emit();
        power.emit();
        stopwatch.emit();
        processor.emit();
        items.emit();
        addFacts();
        facts.emit();
        graphics.emit();
        picture.emit();
        animation.emit();
        pointer.emit();
        commands.emit();
        input.emit();
        graphics.emitFields();
    }

    private void emitHeader(Label entry) {
        Label header = here();
        dwords(MAGIC, FLAGS, -(MAGIC + FLAGS));
        address(header);
        address(header); // load address
        address(image.end);
        address(image.roomEnd);
        address(entry);
    }

    private void addFacts() {
        facts.add("cpu", processor.tellName);
        facts.add("model", processor.tellModel);
        facts.add("features", processor.tellFeatures);
        facts.add("simd", processor.tellSimd);
        facts.add("memory", facts.memory(items));
        facts.add("cpus", facts.number(items.cpus));
        facts.add("engine", facts.string(items.engine));
        facts.add("speed", facts.speed(stopwatch));
        facts.add("uptime", facts.uptime(stopwatch));
        facts.add("display", facts.display());
        facts.add("mouse", pointer.tell);
    }

    private void emitStart() {
        cli();
        cld();
        mov(ESP, stack);
        add(ESP, STACK_BYTES);
        mov(at(multibootInfo), EBX);
        interrupts.loadSegments();
        for (Label part :
                new Label[] {
                    interrupts.init, // first: it forgets interrupts that were asked for before
                    serial.init,
                    power.init,
                    processor.init,
                    items.init,
                    items.readEngine,
                    graphics.init,
                    picture.draw,
                    input.init,
                    pointer.init
                }) {
            call(part);
        }
        emitRememberEngine();
        sti();
        call(stopwatch.update);
        mov(at(stopwatch.seconds), 0);
        call(stopwatch.measure);
        mov(at(nextMeasurement), 2); // the first is of an engine that has not warmed up
        emitGreeting();
        call(facts.send);
        call(facts.show);
        call(commands.init);
        call(pointer.show);
    }

    private void emitGreeting() {
        Label greeting = label(), over = label();
        mov(ESI, greeting);
        call(serial.puts);
        jmp(over);
        bind(greeting);
        text("\r\nTrivium demonstration guest\r\n");
        bind(over);
    }

    private void emitRememberEngine() {
        mov(ESI, items.engine);
        mov(EDI, lastEngine);
        mov(ECX, FirmwareItems.ENGINE_BYTES / 4);
        repMovsd();
    }

    /** STI lets interrupts in only after HLT has begun, so none is slept through. */
    private void emitMainLoop() {
        Label work = label(), noFrame = label();
        Label loop = here();
        cli();
        interrupts.ps2.ifFilled(work);
        serial.received.ifFilled(work);
        ifFrameDue(work);
        sti();
        hlt();
        jmp(loop);
        bind(work);
        sti();
        call(stopwatch.update);
        call(pointer.hide);
        call(input.poll);
        call(commands.poll);
        call(pointer.show);
        Label due = label();
        ifFrameDue(due);
        jmp(noFrame);
        bind(due);
        call(frame);
        bind(noFrame);
        jmp(loop);
    }

    private void ifFrameDue(Label there) {
        mov(EAX, at(interrupts.ticks));
        sub(EAX, at(lastFrame));
        cmp(EAX, TICKS_PER_FRAME);
        jae(there);
    }

    private void emitFrame() {
        Label awake = label(), sameSecond = label();
        mov(EAX, at(interrupts.ticks));
        mov(at(lastFrame), EAX);
        call(power.pressed);
        test(EAX, EAX);
        je(awake);
        jmp(commands.onButton);
        bind(awake);
        call(animation.compose);
        mov(EAX, at(stopwatch.seconds));
        mov(EBX, at(lastSecond));
        mov(at(lastSecond), EAX);
        call(pointer.hide);
        call(animation.present);
        cmp(EAX, EBX);
        je(sameSecond);
        call(second);
        bind(sameSecond);
        call(facts.show);
        call(pointer.show);
    }

    private void emitSecond() {
        Label sameEngine = label(), measure = label(), done = label();
        call(items.readEngine);
        mov(ESI, items.engine);
        mov(EDI, lastEngine);
        text.ifEqual(sameEngine);
        emitRememberEngine();
        mov(ESI, newEngine);
        call(commands.interject);
        jmp(measure);
        bind(sameEngine);
        mov(EAX, at(stopwatch.seconds));
        cmp(EAX, at(nextMeasurement));
        jb(done);
        bind(measure);
        call(stopwatch.measure);
        mov(EAX, at(stopwatch.seconds));
        add(EAX, SECONDS_PER_MEASUREMENT);
        mov(at(nextMeasurement), EAX);
        bind(done);
    }

    private void emitNewEngine() {
        call(facts.sendEngine);
        ret();
    }
}
