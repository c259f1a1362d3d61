package trivium.devices.pc.virtio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import trivium.bus.BusDevice;
import trivium.bus.IrqLine;
import trivium.device.Device;
import trivium.device.Platform;
import trivium.devices.pc.States;
import trivium.devices.pc.pci.PciConfigSpace;
import trivium.devices.pc.pci.PciMapping;
import trivium.memory.PhysicalMemory;

/**
 * A transitional virtio device on PCI (VIRTIO 1.0, 4.1 "Virtio Over PCI Bus"): drivers of today use
 * the registers in BAR 4, those of before 2016 the ports in BAR 0. It interrupts by INTA#. Not
 * modelled: MSI-X, and access to BARs by way of configuration space.
 */
public final class VirtioPci implements Device, VirtioModel.Transport {
    private static final int VENDOR = 0x1af4, TRANSITIONAL = 0x1000 - 1;
    private static final long VERSION_1 = 1L << 32;
    private static final int BAR_BYTES = 0x4000, PORTS = 64;

    // 4.1.4.3 "Common configuration structure layout", and where the structures lie in BAR 4
    private static final int COMMON = 0, ISR = 0x1000, CONFIG = 0x2000, NOTIFY = 0x3000;
    private static final int COMMON_BYTES = 0x38, NOTIFY_MULTIPLIER = 4;
    private static final int CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4;
    private static final int CAP_VENDOR = 9;

    // 2.1 "Device Status Field"
    private static final int DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 0x40;
    private static final int ISR_QUEUE = 1, ISR_CONFIG = 2;
    private static final int NO_VECTOR = 0xffff;

    /** Registers and queues, and the model's own state. */
    public record State(
            PciConfigSpace.State pci,
            int status,
            int isr,
            int deviceSelect,
            int driverSelect,
            int queueSelect,
            int generation,
            long features,
            List<Virtqueue.State> queues,
            Record model) {
        public State {
            queues = List.copyOf(queues);
        }
    }

    private final VirtioModel model;
    private final Platform platform;
    private final List<Virtqueue> queues = new ArrayList<>();
    private final PciConfigSpace pci;
    private final PciMapping registers;
    private IrqLine line;
    private int slot;
    private long portBase = PciConfigSpace.BarListener.UNMAPPED;

    private int status, isr, deviceSelect, driverSelect, queueSelect, generation;
    private long features;

    public VirtioPci(Platform platform, VirtioModel model) {
        this.platform = platform;
        this.model = model;
        PhysicalMemory memory = platform.memory();
        for (int size : model.queueSizes()) {
            queues.add(new Virtqueue(memory, size));
        }
        registers =
                new PciMapping(
                        at -> platform.regions().mapMmio("virtio", at, BAR_BYTES, new Registers()));
        pci =
                new PciConfigSpace(this, VENDOR, TRANSITIONAL + legacyId(), model.classCode(), 0)
                        .subsystem(VENDOR, model.type())
                        .interruptPin(0)
                        .ioBar(0, PORTS, this::movePorts)
                        .memoryBar(4, BAR_BYTES, false, registers)
                        .onWrite(
                                PciConfigSpace.COMMAND,
                                PciConfigSpace.COMMAND + 2,
                                (_, _) -> updateLine());
        capability(CAP_COMMON, COMMON, COMMON_BYTES);
        capability(CAP_ISR, ISR, 1);
        capability(CAP_DEVICE, CONFIG, Math.max(4, model.configBytes()));
        capability(CAP_NOTIFY, NOTIFY, queues.size() * NOTIFY_MULTIPLIER);
        model.connect(this);
    }

    /** 4.1.2 "PCI Device Discovery": transitional ids are in another order than types. */
    private int legacyId() {
        return switch (model.type()) {
            case 1 -> 1; // network card
            case 2 -> 2; // block device
            case 5 -> 3; // balloon
            case 3 -> 4; // console
            case 8 -> 5; // SCSI host
            case 4 -> 6; // entropy source
            default -> throw new IllegalArgumentException("type " + model.type());
        };
    }

    /** 4.1.4 "Virtio Structure PCI Capabilities"; what follows id and next pointer. */
    private void capability(int type, int offset, int length) {
        int bytes = type == CAP_NOTIFY ? 18 : 14;
        ByteBuffer body = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        body.put((byte) (bytes + 2)).put((byte) type).put((byte) 4);
        body.position(6).putInt(offset).putInt(length);
        if (type == CAP_NOTIFY) {
            body.putInt(NOTIFY_MULTIPLIER);
        }
        pci.capability(CAP_VENDOR, body.array(), new byte[bytes]);
    }

    /** Plugs it into the first free slot. */
    public void plug() {
        slot = platform.pci().plug(-1, 0, pci);
        line = platform.pci().intx(slot, 0);
    }

    private void movePorts(long base) {
        if (portBase != PciConfigSpace.BarListener.UNMAPPED) {
            platform.releasePorts((int) portBase, PORTS);
        }
        portBase = base;
        if (base != PciConfigSpace.BarListener.UNMAPPED) {
            platform.claimPorts("virtio", (int) base, PORTS, this, new Ports());
        }
    }

    // --- what the model asks

    @Override
    public Virtqueue queue(int queue) {
        return queues.get(queue);
    }

    @Override
    public void used(int queue) {
        if (queues.get(queue).wantsInterrupt()) {
            interrupt(ISR_QUEUE);
        }
    }

    @Override
    public void configurationChanged() {
        generation = generation + 1 & 0xff;
        if ((status & DRIVER_OK) != 0) {
            interrupt(ISR_CONFIG);
        }
    }

    @Override
    public long features() {
        return features;
    }

    private void interrupt(int cause) {
        isr |= cause;
        updateLine();
    }

    private void updateLine() {
        if (line != null) {
            line.set(isr != 0 && !pci.interruptsDisabled());
        }
    }

    // --- registers both interfaces have

    private int readIsr() {
        int was = isr;
        isr = 0;
        updateLine();
        return was;
    }

    private int readStatus() {
        return status | (queues.stream().anyMatch(Virtqueue::broken) ? NEEDS_RESET : 0);
    }

    private void writeStatus(int value) {
        if (value == 0) {
            resetDevice();
            return;
        }
        status = value & ~NEEDS_RESET;
        if ((status & FEATURES_OK) != 0 && (features & ~offered()) != 0) {
            status &= ~FEATURES_OK;
        }
    }

    private long offered() {
        return model.features() | VERSION_1;
    }

    private void resetDevice() {
        status = 0;
        isr = 0;
        deviceSelect = 0;
        driverSelect = 0;
        queueSelect = 0;
        features = 0;
        queues.forEach(Virtqueue::reset);
        model.reset();
        updateLine();
    }

    private void notifyQueue(int queue) {
        if (queue < queues.size() && (status & DRIVER_OK) != 0) {
            model.notified(queue);
        }
    }

    private Virtqueue selected() {
        return queueSelect < queues.size() ? queues.get(queueSelect) : null;
    }

    private long readConfig(int offset, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            if (offset + i < model.configBytes()) {
                value |= (model.readConfig(offset + i) & 0xffL) << 8 * i;
            }
        }
        return value;
    }

    private void writeConfig(int offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            if (offset + i < model.configBytes()) {
                model.writeConfig(offset + i, (int) (value >>> 8 * i) & 0xff);
            }
        }
    }

    // --- BAR 4

    private final class Registers implements BusDevice {
        @Override
        public long read(long offset, int size) {
            synchronized (VirtioPci.this) {
                int at = (int) offset & 0xfff;
                return switch ((int) offset & 0xf000) {
                    case COMMON -> size > 4 ? 0 : readCommon(at);
                    case ISR -> at == 0 ? readIsr() : 0;
                    case CONFIG -> readConfig(at, size);
                    default -> 0;
                };
            }
        }

        @Override
        public void write(long offset, int size, long value) {
            synchronized (VirtioPci.this) {
                int at = (int) offset & 0xfff;
                switch ((int) offset & 0xf000) {
                    case COMMON -> writeCommon(at, size, value);
                    case CONFIG -> writeConfig(at, size, value);
                    case NOTIFY -> notifyQueue(at / NOTIFY_MULTIPLIER);
                    default -> {}
                }
            }
        }
    }

    private long readCommon(int at) {
        Virtqueue q = selected();
        return switch (at) {
            case 0x00 -> deviceSelect;
            case 0x04 -> half(offered(), deviceSelect);
            case 0x08 -> driverSelect;
            case 0x0c -> half(features, driverSelect);
            case 0x10, 0x1a -> NO_VECTOR;
            case 0x12 -> queues.size();
            case 0x14 -> readStatus();
            case 0x15 -> generation;
            case 0x16 -> queueSelect;
            case 0x18 -> q == null ? 0 : q.size();
            case 0x1c -> q != null && q.enabled() ? 1 : 0;
            case 0x1e -> queueSelect;
            case 0x20 -> q == null ? 0 : q.descriptors() & 0xffff_ffffL;
            case 0x24 -> q == null ? 0 : q.descriptors() >>> 32;
            case 0x28 -> q == null ? 0 : q.available() & 0xffff_ffffL;
            case 0x2c -> q == null ? 0 : q.available() >>> 32;
            case 0x30 -> q == null ? 0 : q.used() & 0xffff_ffffL;
            case 0x34 -> q == null ? 0 : q.used() >>> 32;
            default -> 0;
        };
    }

    private static long half(long bits, int select) {
        return select == 0 ? bits & 0xffff_ffffL : select == 1 ? bits >>> 32 : 0;
    }

    private void writeCommon(int at, int size, long value) {
        int bits = (int) value;
        switch (at) {
            case 0x00 -> deviceSelect = bits;
            case 0x08 -> driverSelect = bits;
            case 0x0c -> acceptFeatures(bits);
            case 0x14 -> writeStatus(bits & 0xff);
            case 0x16 -> queueSelect = bits & 0xffff;
            default -> writeQueue(at, size, value);
        }
    }

    private void acceptFeatures(int bits) {
        if ((status & FEATURES_OK) != 0) {
            return;
        }
        if (driverSelect == 0) {
            features = features & ~0xffff_ffffL | bits & 0xffff_ffffL;
        } else if (driverSelect == 1) {
            features = features & 0xffff_ffffL | (long) bits << 32;
        }
    }

    private void writeQueue(int at, int size, long value) {
        Virtqueue q = selected();
        if (q == null || q.enabled()) {
            return;
        }
        switch (at) {
            case 0x18 -> q.setSize((int) value & 0xffff);
            case 0x1c -> {
                if ((value & 1) != 0) {
                    q.enable();
                }
            }
            case 0x20, 0x24 ->
                    q.place(put(q.descriptors(), at, size, value), q.available(), q.used());
            case 0x28, 0x2c ->
                    q.place(q.descriptors(), put(q.available(), at, size, value), q.used());
            case 0x30, 0x34 ->
                    q.place(q.descriptors(), q.available(), put(q.used(), at, size, value));
            default -> {}
        }
    }

    /** Half of an address, or all of it. */
    private static long put(long was, int at, int size, long value) {
        if (size == 8) {
            return value;
        }
        long bits = value & 0xffff_ffffL;
        return (at & 4) == 0 ? was & ~0xffff_ffffL | bits : was & 0xffff_ffffL | bits << 32;
    }

    // --- BAR 0

    /** 4.1.4.8 "Legacy Interfaces: A Note on PCI Device Layout". */
    private final class Ports implements BusDevice {
        private static final int DEVICE = 0x14;

        @Override
        public long read(long offset, int size) {
            int at = (int) offset;
            Virtqueue q = selected();
            return switch (at) {
                case 0x00 -> model.features();
                case 0x04 -> features & 0xffff_ffffL;
                case 0x08 -> q == null ? 0 : q.enabled() ? q.descriptors() >>> 12 : 0;
                case 0x0c -> q == null ? 0 : q.size();
                case 0x0e -> queueSelect;
                case 0x12 -> readStatus();
                case 0x13 -> readIsr();
                default -> at >= DEVICE ? readConfig(at - DEVICE, size) : 0;
            };
        }

        @Override
        public void write(long offset, int size, long value) {
            int at = (int) offset, bits = (int) value;
            Virtqueue q = selected();
            switch (at) {
                case 0x04 -> features = bits & model.features();
                case 0x08 -> {
                    if (q != null) {
                        q.placeLegacy(bits);
                    }
                }
                case 0x0e -> queueSelect = bits & 0xffff;
                case 0x10 -> notifyQueue(bits & 0xffff);
                case 0x12 -> writeStatus(bits & 0xff);
                default -> {
                    if (at >= DEVICE) {
                        writeConfig(at - DEVICE, size, value);
                    }
                }
            }
        }
    }

    // --- life

    @Override
    public synchronized void reset() {
        resetDevice();
        pci.reset();
    }

    @Override
    public synchronized State save() {
        return new State(
                pci.save(),
                status,
                isr,
                deviceSelect,
                driverSelect,
                queueSelect,
                generation,
                features,
                queues.stream().map(Virtqueue::save).toList(),
                model.save());
    }

    @Override
    public synchronized void restore(Record state) {
        State s = States.as(State.class, state);
        if (s.queues.size() != queues.size()) {
            throw new IllegalArgumentException("a state of %d queues".formatted(s.queues.size()));
        }
        pci.restore(s.pci);
        status = s.status;
        isr = s.isr;
        deviceSelect = s.deviceSelect;
        driverSelect = s.driverSelect;
        queueSelect = s.queueSelect;
        generation = s.generation;
        features = s.features;
        for (int i = 0; i < queues.size(); i++) {
            queues.get(i).restore(s.queues.get(i));
        }
        model.restore(s.model);
        updateLine();
    }

    @Override
    public synchronized void close() {
        line.lower();
        platform.pci().unplug(slot, 0);
        pci.close();
    }
}
