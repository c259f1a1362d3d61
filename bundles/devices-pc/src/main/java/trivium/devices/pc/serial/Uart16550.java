package trivium.devices.pc.serial;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.IrqLine;
import trivium.bus.SharedRegister;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.SerialBackend;
import trivium.device.VirtualClock;
import trivium.device.VirtualTimer;
import trivium.devices.pc.ByteDevice;
import trivium.devices.pc.ByteFifo;
import trivium.devices.pc.States;
import trivium.vm.VmException;

/**
 * National PC16550D UART. Bytes leave at once, so the transmitter is always empty; they arrive at
 * the programmed rate, so that a guest can keep up. The modem lines say that somebody is there. Not
 * modelled: line errors, break, DMA mode.
 */
public final class Uart16550 implements Device, ByteDevice {
    private static final int RBR_THR = 0, IER = 1, IIR_FCR = 2, LCR = 3, MCR = 4;
    private static final int LSR = 5, MSR = 6, SCR = 7;
    private static final int IER_RDI = 1, IER_THRI = 2, IER_RLSI = 4, IER_MSI = 8;
    private static final int IIR_NONE = 1, IIR_MSI = 0, IIR_THRI = 2, IIR_RDI = 4;
    private static final int IIR_RLSI = 6, IIR_TIMEOUT = 12, IIR_FIFO = 0xc0;
    private static final int FCR_ENABLE = 1, FCR_CLEAR_RX = 2;
    private static final int LCR_DLAB = 0x80;
    private static final int MCR_RTS = 2, MCR_DTR = 1, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 16;
    private static final int LSR_DR = 1, LSR_OE = 2, LSR_THRE = 0x20, LSR_TEMT = 0x40;
    private static final int MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80;
    private static final int MSR_TERI = 4;
    private static final int MSR_LINES = MSR_CTS | MSR_DSR | MSR_DCD;
    private static final int[] TRIGGERS = {1, 4, 8, 14};
    private static final int[] BASES = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
    private static final int[] IRQS = {4, 3, 4, 3};
    private static final int FIFO_BYTES = 16;

    /** 1.8432 MHz by 16, ten bits a character. */
    private static final long NANOS_PER_DIVISOR = 10 * 1_000_000_000L / 115_200;

    private static final int DEFAULT_DIVISOR = 12;

    /** Saved registers. */
    record State(
            int ier,
            int fcr,
            int lcr,
            int mcr,
            int scr,
            int divisor,
            int msrDelta,
            int lines,
            boolean overrun,
            boolean thrEmptyPending,
            boolean timeout,
            byte[] received) {}

    private final VirtualClock clock;
    private final IrqLine irq;
    private final Optional<SerialBackend> backend;
    private final VirtualTimer arrival, silence;
    private final ByteFifo received = new ByteFifo(FIFO_BYTES);
    private int ier, fcr, lcr, mcr, scr, divisor, msrDelta;

    /** Line status, which drivers poll, as long as no read changes it. */
    private final SharedRegister status;

    /** Upper half of MSR. */
    private int lines;

    private boolean overrun, thrEmptyPending, timeout;

    /** Removed: the backend may still call. */
    private boolean closed;

    /** When the next byte may arrive. */
    private long nextArrival;

    Uart16550(Platform platform, int port) {
        clock = platform.clock();
        irq = platform.isaIrq(IRQS[port]);
        backend = platform.serial(port);
        arrival = platform.newTimer("serial%d rx".formatted(port), this, this::receive);
        silence = platform.newTimer("serial%d timeout".formatted(port), this, this::onSilence);
        clear();
        platform.claimPorts("serial" + port, BASES[port], 8, this);
        status = platform.shareRegister(BASES[port] + LSR, 1);
        updateIrq();
        backend.ifPresent(b -> b.onReceivable(this::onReceivable));
    }

    private void clear() {
        ier = fcr = lcr = mcr = msrDelta = 0;
        divisor = DEFAULT_DIVISOR;
        lines = MSR_LINES;
        overrun = timeout = false;
        thrEmptyPending = false;
        received.clear();
    }

    @Override
    public int readByte(int offset) {
        return switch (offset) {
            case RBR_THR -> dlab() ? divisor & 0xff : readReceiver();
            case IER -> dlab() ? divisor >>> 8 : ier;
            case IIR_FCR -> readIir();
            case LCR -> lcr;
            case MCR -> mcr;
            case LSR -> readLsr();
            case MSR -> readMsr();
            case SCR -> scr;
            default -> 0xff;
        };
    }

    @Override
    public void writeByte(int offset, int value) {
        switch (offset) {
            case RBR_THR -> {
                if (dlab()) {
                    divisor = divisor & 0xff00 | value;
                } else {
                    transmit(value);
                }
            }
            case IER -> {
                if (dlab()) {
                    divisor = divisor & 0xff | value << 8;
                } else {
                    writeIer(value);
                }
            }
            case IIR_FCR -> writeFcr(value);
            case LCR -> lcr = value;
            case MCR -> writeMcr(value & 0x1f);
            case SCR -> scr = value;
            default -> {} // LSR and MSR: for factory tests only
        }
    }

    private boolean dlab() {
        return (lcr & LCR_DLAB) != 0;
    }

    private boolean fifoEnabled() {
        return (fcr & FCR_ENABLE) != 0;
    }

    private boolean loop() {
        return (mcr & MCR_LOOP) != 0;
    }

    // --- transmitter

    private void transmit(int octet) {
        if (loop()) {
            accept(octet);
        } else {
            backend.ifPresent(b -> b.send(octet));
        }
        thrEmptyPending = true;
        updateIrq();
    }

    /** Enabling the THRE interrupt while THR is empty requests one: PC16550D "IIR", Table. */
    private void writeIer(int value) {
        boolean enabling = (value & ~ier & IER_THRI) != 0;
        ier = value & 0x0f;
        if (enabling) {
            thrEmptyPending = true;
        }
        updateIrq();
    }

    // --- receiver

    private int capacity() {
        return fifoEnabled() ? FIFO_BYTES : 1;
    }

    private int trigger() {
        return fifoEnabled() ? TRIGGERS[fcr >>> 6] : 1;
    }

    private void accept(int octet) {
        if (received.size() >= capacity()) {
            overrun = true;
        } else {
            received.add(octet);
        }
        timeout = false;
        awaitSilence();
        updateIrq();
    }

    private long characterNanos() {
        return Math.max(1, divisor) * NANOS_PER_DIVISOR;
    }

    /** PC16550D "FIFO Interrupt Mode Operation": nothing came or went for four characters. */
    private void awaitSilence() {
        if (fifoEnabled() && !received.isEmpty()) {
            silence.arm(clock.nanos() + 4 * characterNanos());
        } else {
            silence.cancel();
        }
    }

    private void onSilence() {
        timeout = fifoEnabled() && !received.isEmpty();
        updateIrq();
    }

    /** From the host's side, on any thread. */
    private synchronized void onReceivable() {
        receive();
    }

    /** Takes what has come over the line by now; comes back when the next character is through. */
    private void receive() {
        if (backend.isEmpty() || loop() || closed) {
            return;
        }
        while (received.size() < capacity()) {
            long now = clock.nanos();
            if (now < nextArrival) {
                arrival.arm(nextArrival);
                return;
            }
            int octet = backend.get().receive();
            if (octet < 0) {
                return;
            }
            nextArrival = now + characterNanos();
            accept(octet);
        }
    }

    private int readReceiver() {
        int octet = received.poll();
        timeout = false;
        awaitSilence();
        receive();
        updateIrq();
        return Math.max(0, octet);
    }

    // --- status and interrupts

    private int pendingInterrupt() {
        if ((ier & IER_RLSI) != 0 && overrun) {
            return IIR_RLSI;
        }
        if ((ier & IER_RDI) != 0 && received.size() >= trigger()) {
            return IIR_RDI;
        }
        if ((ier & IER_RDI) != 0 && timeout) {
            return IIR_TIMEOUT;
        }
        if ((ier & IER_THRI) != 0 && thrEmptyPending) {
            return IIR_THRI;
        }
        return (ier & IER_MSI) != 0 && msrDelta != 0 ? IIR_MSI : IIR_NONE;
    }

    /** On a PC the interrupt reaches the bus only while OUT2 is on. */
    private void updateIrq() {
        status.set(lsr());
        status.allow(!overrun, false);
        irq.set(pendingInterrupt() != IIR_NONE && (mcr & MCR_OUT2) != 0);
    }

    private int readIir() {
        int pending = pendingInterrupt();
        if (pending == IIR_THRI) {
            thrEmptyPending = false;
            updateIrq();
        }
        return pending | (fifoEnabled() ? IIR_FIFO : 0);
    }

    private void writeFcr(int value) {
        boolean toggled = ((value ^ fcr) & FCR_ENABLE) != 0;
        fcr = value & (FCR_ENABLE | 0xc8);
        if (!fifoEnabled()) {
            fcr = 0;
        }
        if (toggled || (value & FCR_CLEAR_RX) != 0) {
            received.clear();
            timeout = false;
            silence.cancel();
            receive();
        }
        updateIrq();
    }

    private void writeMcr(int value) {
        boolean wasLoop = loop();
        mcr = value;
        setLines(loop() ? loopedLines() : MSR_LINES);
        if (wasLoop && !loop()) {
            receive();
        }
        updateIrq();
    }

    /** PC16550D "Modem Control Register", bit 4. */
    private int loopedLines() {
        return ((mcr & MCR_RTS) != 0 ? MSR_CTS : 0)
                | ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0)
                | ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0)
                | ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0);
    }

    private void setLines(int to) {
        int changed = lines ^ to;
        msrDelta |= (changed & (MSR_CTS | MSR_DSR | MSR_DCD)) >>> 4;
        if ((changed & ~to & MSR_RI) != 0) {
            msrDelta |= MSR_TERI;
        }
        lines = to;
    }

    private int lsr() {
        return LSR_THRE | LSR_TEMT | (received.isEmpty() ? 0 : LSR_DR) | (overrun ? LSR_OE : 0);
    }

    private int readLsr() {
        int value = lsr();
        overrun = false;
        updateIrq();
        return value;
    }

    private int readMsr() {
        int value = lines | msrDelta;
        msrDelta = 0;
        updateIrq();
        return value;
    }

    @Override
    public void reset() {
        clear();
        arrival.cancel();
        silence.cancel();
        updateIrq();
        receive();
    }

    @Override
    public Record save() {
        return new State(
                ier,
                fcr,
                lcr,
                mcr,
                scr,
                divisor,
                msrDelta,
                lines,
                overrun,
                thrEmptyPending,
                timeout,
                received.save());
    }

    @Override
    public void restore(Record state) {
        State s = States.as(State.class, state);
        ier = s.ier;
        fcr = s.fcr;
        lcr = s.lcr;
        mcr = s.mcr;
        scr = s.scr;
        divisor = s.divisor;
        msrDelta = s.msrDelta;
        lines = s.lines;
        overrun = s.overrun;
        thrEmptyPending = s.thrEmptyPending;
        timeout = s.timeout;
        received.restore(s.received);
        nextArrival = clock.nanos() + characterNanos();
        if (backend.isPresent()) {
            arrival.arm(nextArrival); // something may have come meanwhile
        }
        awaitSilence();
        updateIrq();
    }

    @Override
    public void close() {
        closed = true;
        arrival.cancel();
        silence.cancel();
        irq.lower();
    }

    /** Makes a port. */
    @Component(property = DeviceFactory.MODEL + "=serial")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "serial";
        }

        @Override
        public String description() {
            return "National PC16550D serial port";
        }

        @Override
        public Map<String, String> options() {
            return Map.of("port", "0 to 3: ports 3F8h, 2F8h, 3E8h or 2E8h; default 0");
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of("port"));
            return new Uart16550(platform, (int) options.number("port", 0, 0, 3));
        }
    }
}
