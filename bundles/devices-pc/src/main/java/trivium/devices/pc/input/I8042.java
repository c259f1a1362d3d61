package trivium.devices.pc.input;

import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.IrqLine;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.VirtualTimer;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.ByteFifo;
import trivium.devices.pc.States;
import trivium.display.Screen;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.vm.VmException;

/**
 * The 8042 keyboard controller at ports 60h and 64h with a keyboard and a wheel mouse (IBM PS/2
 * Hardware Interface Technical Reference, "Keyboard and Auxiliary Device Controller"). A byte from
 * a device follows {@link #GAP_NANOS} after the guest read the one before, for software that reads
 * port 60h twice. Not modelled: the password, the input port's jumpers.
 */
public final class I8042 implements Device, ByteDevice, KeyboardSink, PointerSink {
    private static final int DATA = 0;
    private static final int ST_OBF = 1, ST_SYS = 4, ST_CMD = 8, ST_UNLOCKED = 16, ST_AUX = 32;
    private static final int CB_KBD_INT = 1, CB_AUX_INT = 2, CB_KBD_OFF = 16, CB_AUX_OFF = 32;
    private static final int CB_TRANSLATE = 64;
    private static final int OUT_RESET = 1, OUT_A20 = 2, OUT_KBD_FULL = 16, OUT_AUX_FULL = 32;
    private static final int WRITE_COMMAND_BYTE = 0x60, WRITE_OUTPUT_PORT = 0xd1;
    private static final int ECHO_KEYBOARD = 0xd2, ECHO_AUX = 0xd3, TO_AUX = 0xd4;
    private static final long GAP_NANOS = 250_000;

    /** Pushes the guest's pointer into the corner from wherever it is. */
    private static final int INTO_CORNER = -4096;

    /** Saved state. */
    record State(
            byte[] ram,
            boolean selfTested,
            boolean lastWasCommand,
            int parameterOf,
            int output,
            boolean full,
            boolean fromAux,
            boolean breakNext,
            byte[] answers,
            byte[] auxAnswers,
            Ps2Keyboard.State keyboard,
            Ps2Mouse.State mouse) {}

    private final Platform platform;
    private final IrqLine keyboardIrq, auxIrq;
    private final VirtualTimer gap;
    private final Ps2Keyboard keyboard = new Ps2Keyboard();
    private final Ps2Mouse mouse = new Ps2Mouse();
    private final ByteFifo answers = new ByteFifo(16), auxAnswers = new ByteFifo(16);

    /** The controller's memory; byte 0 is the command byte. */
    private final byte[] ram = new byte[32];

    private boolean selfTested, lastWasCommand;

    /** The controller command whose parameter comes next at port 60h, or 0. */
    private int parameterOf;

    /** The output buffer. */
    private int output;

    private boolean full, fromAux;

    /** Translation: the keyboard sent F0. */
    private boolean breakNext;

    private long nextByte;
    private int lastX = -1, lastY;

    I8042(Platform platform) {
        this.platform = platform;
        keyboardIrq = platform.isaIrq(1);
        auxIrq = platform.isaIrq(12);
        gap = platform.newTimer("i8042", this, this::fill);
        clear();
        platform.claimPorts("i8042 data", 0x60, 1, this);
        platform.claimPorts("i8042 command", 0x64, 1, this, new CommandPort());
        platform.provideKeyboard(this);
        platform.providePointer(this);
        platform.provide(AuxAttention.class, this::callAttention);
    }

    private synchronized void callAttention() {
        mouse.callAttention();
        fill();
    }

    private void clear() {
        java.util.Arrays.fill(ram, (byte) 0);
        ram[0] = CB_KBD_INT | CB_AUX_INT;
        selfTested = lastWasCommand = full = fromAux = breakNext = false;
        parameterOf = output = 0;
        nextByte = 0;
        lastX = -1;
        answers.clear();
        auxAnswers.clear();
        keyboard.reset();
        mouse.reset();
    }

    private final class CommandPort implements ByteDevice {
        @Override
        public int readByte(int offset) {
            return status();
        }

        @Override
        public void writeByte(int offset, int value) {
            lastWasCommand = true;
            parameterOf = 0;
            controllerCommand(value);
            fill();
        }
    }

    private int status() {
        return ST_UNLOCKED
                | (full ? ST_OBF : 0)
                | (full && fromAux ? ST_AUX : 0)
                | (selfTested ? ST_SYS : 0)
                | (lastWasCommand ? ST_CMD : 0);
    }

    @Override
    public int readByte(int offset) {
        if (offset != DATA) {
            return 0xff;
        }
        int octet = output;
        if (full) {
            full = false;
            nextByte = platform.clock().nanos() + GAP_NANOS;
            updateIrqs();
            fill(); // may put the controller's next answer
        }
        return octet;
    }

    @Override
    public void writeByte(int offset, int value) {
        if (offset != DATA) {
            return;
        }
        lastWasCommand = false;
        int of = parameterOf;
        parameterOf = 0;
        if (of == 0) {
            ram[0] &= ~CB_KBD_OFF; // a command to the keyboard opens its line
            keyboard.command(value);
        } else {
            parameter(of, value);
        }
        fill();
    }

    // --- the controller's commands

    private void controllerCommand(int c) {
        if (c >= 0x20 && c < 0x40) {
            answers.add(ram[c - 0x20]);
        } else if (c >= 0x60 && c < 0x80) {
            parameterOf = c;
        } else if (c >= 0xf0) {
            pulse(c);
        } else {
            otherCommand(c);
        }
    }

    private void otherCommand(int c) {
        switch (c) {
            case 0xa4 -> answers.add(0xf1); // no password
            case 0xa7 -> ram[0] |= CB_AUX_OFF;
            case 0xa8 -> ram[0] &= ~CB_AUX_OFF;
            case 0xa9, 0xab -> answers.add(0); // the lines are fine
            case 0xaa -> {
                selfTested = true;
                answers.add(0x55);
            }
            case 0xad -> ram[0] |= CB_KBD_OFF;
            case 0xae -> ram[0] &= ~CB_KBD_OFF;
            case 0xc0 -> answers.add(0x80); // input port: not inhibited
            case 0xd0 -> answers.add(outputPort());
            case WRITE_OUTPUT_PORT, ECHO_KEYBOARD, ECHO_AUX, TO_AUX -> parameterOf = c;
            case 0xdd -> setA20(false);
            case 0xdf -> setA20(true);
            case 0xe0 -> answers.add(0); // test inputs: both clocks low
            default -> platform.unimplemented("i8042", "command %02x".formatted(c), c);
        }
    }

    private void parameter(int of, int value) {
        switch (of) {
            case WRITE_OUTPUT_PORT -> writeOutputPort(value);
            case ECHO_KEYBOARD -> answers.add(value);
            case ECHO_AUX -> auxAnswers.add(value);
            case TO_AUX -> {
                ram[0] &= ~CB_AUX_OFF;
                mouse.command(value);
            }
            default -> {
                ram[of - WRITE_COMMAND_BYTE] = (byte) value;
                updateIrqs();
            }
        }
    }

    private int outputPort() {
        return OUT_RESET
                | (a20() ? OUT_A20 : 0)
                | (full && !fromAux ? OUT_KBD_FULL : 0)
                | (full && fromAux ? OUT_AUX_FULL : 0);
    }

    private void writeOutputPort(int value) {
        setA20((value & OUT_A20) != 0);
        if ((value & OUT_RESET) == 0) {
            platform.power().reset("keyboard controller");
        }
    }

    private void pulse(int c) {
        if ((c & OUT_RESET) == 0) {
            platform.power().reset("keyboard controller");
        }
    }

    private boolean a20() {
        return Port92.a20(platform);
    }

    private void setA20(boolean open) {
        Port92.setA20(platform, open);
    }

    // --- the output buffer

    /** Puts the next byte into the output buffer if that is empty. */
    private void fill() {
        if (full) {
            return;
        }
        if (!answers.isEmpty()) {
            put(answers.poll(), false);
        } else if (!auxAnswers.isEmpty()) {
            put(auxAnswers.poll(), true);
        } else if (keyboardReady() || auxReady()) {
            if (platform.clock().nanos() < nextByte) {
                gap.arm(nextByte);
            } else {
                fillFromDevice();
            }
        }
    }

    private boolean keyboardReady() {
        return (ram[0] & CB_KBD_OFF) == 0 && keyboard.hasOutput();
    }

    private boolean auxReady() {
        return (ram[0] & CB_AUX_OFF) == 0 && mouse.hasOutput();
    }

    private void fillFromDevice() {
        while (keyboardReady()) {
            int octet = keyboard.output();
            if ((ram[0] & CB_TRANSLATE) == 0) {
                put(octet, false);
                return;
            }
            if (octet != ScanCodes.BREAK) {
                put(ScanCodes.translate(octet) | (breakNext ? 0x80 : 0), false);
                breakNext = false;
                return;
            }
            breakNext = true;
        }
        if (auxReady()) {
            put(mouse.output(), true);
        }
    }

    private void put(int octet, boolean aux) {
        output = octet & 0xff;
        fromAux = aux;
        full = true;
        updateIrqs();
    }

    private void updateIrqs() {
        keyboardIrq.set(full && !fromAux && (ram[0] & CB_KBD_INT) != 0);
        auxIrq.set(full && fromAux && (ram[0] & CB_AUX_INT) != 0);
    }

    // --- from the viewers

    @Override
    public synchronized boolean scancodes(byte... set1) {
        boolean accepted = keyboard.type(set1);
        fill();
        return accepted;
    }

    @Override
    public synchronized int leds() {
        return keyboard.leds();
    }

    @Override
    public boolean absolute() {
        return false;
    }

    /**
     * As good as a mouse that knows no screen can: the guest's pointer is where the last position
     * was, or in the corner. A guest with acceleration goes astray; a push into a corner helps.
     */
    @Override
    public void moveTo(int x, int y, int buttons, int wheel) {
        // Not under this monitor: the display adapter has its own.
        Optional<Screen> screen = platform.find(Screen.class);
        int width = screen.map(Screen::width).orElse(1),
                height = screen.map(Screen::height).orElse(1);
        synchronized (this) {
            int pixelX = x * width >> 15, pixelY = y * height >> 15;
            if (lastX < 0 || pixelX == 0 && pixelY == 0) {
                mouse.move(INTO_CORNER, INTO_CORNER, buttons, 0);
                lastX = lastY = 0;
            }
            moveBy(pixelX - lastX, pixelY - lastY, buttons, wheel);
            lastX = pixelX;
            lastY = pixelY;
        }
    }

    @Override
    public synchronized void moveBy(int dx, int dy, int buttons, int wheel) {
        mouse.move(dx, dy, buttons, wheel);
        fill();
    }

    @Override
    public void reset() {
        clear();
        gap.cancel();
        updateIrqs();
        setA20(true);
    }

    @Override
    public Record save() {
        return new State(
                ram.clone(),
                selfTested,
                lastWasCommand,
                parameterOf,
                output,
                full,
                fromAux,
                breakNext,
                answers.save(),
                auxAnswers.save(),
                keyboard.save(),
                mouse.save());
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        States.copy(s.ram, ram);
        selfTested = s.selfTested;
        lastWasCommand = s.lastWasCommand;
        parameterOf = s.parameterOf;
        output = s.output;
        full = s.full;
        fromAux = s.fromAux;
        breakNext = s.breakNext;
        answers.restore(s.answers);
        auxAnswers.restore(s.auxAnswers);
        keyboard.restore(s.keyboard);
        mouse.restore(s.mouse);
        updateIrqs();
        fill();
    }

    @Override
    public void close() {
        gap.cancel();
        keyboardIrq.lower();
        auxIrq.lower();
    }

    /** Makes the controller. */
    @Component(property = DeviceFactory.MODEL + "=i8042")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "i8042";
        }

        @Override
        public String description() {
            return "8042 keyboard controller with PS/2 keyboard and wheel mouse";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new I8042(platform);
        }
    }
}
