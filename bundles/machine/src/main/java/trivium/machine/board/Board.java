package trivium.machine.board;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.ApicBus;
import trivium.device.BlockBackend;
import trivium.device.CoprocessorError;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.IoApic;
import trivium.device.IsaPic;
import trivium.device.PowerControl;
import trivium.input.PointerSink;
import trivium.machine.memory.GuestMemory;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

/**
 * A PC while it is powered on: memory, buses, wires, clock, vCPUs and the devices plugged in. It
 * knows no device by class; parts find each other by the services they provide.
 */
public final class Board implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Board.class);

    /** When every run begins whose time is counted: what is to be repeatable has no today. */
    private static final Instant COUNTED_EPOCH = Instant.parse("2026-01-01T00:00:00Z");

    private record Plugged(String model, Device device, DevicePlatform platform) {}

    private final VmConfig config;
    private final Backends backends;
    private final PowerControl power;
    private final GuestMemory memory;
    private final PortBus ports = new PortBus();
    private final PciRoot pci = new PciRoot();
    private final InterruptLines lines = new InterruptLines();
    private final Clock clock;
    private final Timers timers;
    private final List<VirtualCpu> vcpus = new ArrayList<>();
    private final List<Plugged> devices = new ArrayList<>();
    private final Map<Class<?>, List<Object>> services = new ConcurrentHashMap<>();

    /**
     * @param onFailure told of what a timer's action throws
     * @throws VmException if the host has not enough memory
     */
    public Board(
            VmConfig config, Backends backends, PowerControl power, Consumer<Throwable> onFailure)
            throws VmException {
        this.config = config;
        this.backends = backends;
        this.power = power;
        try {
            memory = new GuestMemory(config.name(), (long) config.memoryMiB() << 20);
        } catch (IOException e) {
            throw new VmException(
                    "vm %s: %d MiB of memory cannot be had: %s"
                            .formatted(config.name(), config.memoryMiB(), e.getMessage()),
                    e);
        }
        clock = new Clock(epochMillis(config), config.icount());
        timers = new Timers(config.name(), clock, onFailure);
        for (int i = 0; i < config.cpus(); i++) {
            vcpus.add(new VirtualCpu(i, config.cpu(), memory, ports, timers));
        }
        timers.setEarlier(vcpus.getFirst()::kick);
    }

    private static long epochMillis(VmConfig config) {
        return config.icount() ? COUNTED_EPOCH.toEpochMilli() : System.currentTimeMillis();
    }

    /**
     * Makes a device and plugs it in.
     *
     * @throws VmException as the factory says; the board is as before
     */
    public void plug(DeviceFactory factory, Map<String, String> options) throws VmException {
        String model = factory.model();
        DevicePlatform platform = new DevicePlatform(this, model);
        try {
            Device device = factory.create(platform, new DeviceOptions(model, options));
            devices.add(new Plugged(model, device, platform));
        } catch (VmException e) {
            platform.close();
            throw e;
        } catch (IllegalArgumentException e) {
            platform.close();
            throw new VmException("device %s: %s".formatted(model, e.getMessage()), e);
        }
    }

    /** Joins vCPUs and interrupt controllers. Called once, when every device is plugged in. */
    public void connect() {
        IsaPic pic = find(IsaPic.class).orElse(null);
        ApicBus apics = find(ApicBus.class).orElse(null);
        CoprocessorError coprocessor = find(CoprocessorError.class).orElse(_ -> {});
        for (VirtualCpu vcpu : vcpus) {
            vcpu.connect(pic, apics, coprocessor);
        }
        if (pic != null) {
            lines.setPic(pic);
            pic.setOutput(asserted -> {
                if (apics != null) {
                    apics.setPicLine(asserted);
                }
                vcpus.forEach(VirtualCpu::update);
            });
        }
        find(IoApic.class).ifPresent(lines::setIoApic);
    }

    /** Power-on or hard reset of every device. The vCPUs stand still. */
    public void resetDevices() {
        memory.setA20(true);
        for (Plugged plugged : devices) {
            synchronized (plugged.device) {
                plugged.device.reset();
            }
        }
        vcpus.forEach(VirtualCpu::clearEvents);
    }

    /** The states of the devices, in the order they were made. The vCPUs stand still. */
    public List<Record> saveDevices() {
        List<Record> states = new ArrayList<>();
        for (Plugged plugged : devices) {
            synchronized (plugged.device) {
                states.add(plugged.device.save());
            }
        }
        return states;
    }

    /** Takes what {@link #saveDevices} of an equal board gave; timers are armed anew. */
    public void restoreDevices(List<Record> states) {
        timers.cancelAll();
        for (int i = 0; i < devices.size(); i++) {
            Device device = devices.get(i).device;
            synchronized (device) {
                device.restore(states.get(i));
            }
        }
    }

    <T> void provide(Class<T> type, T service) {
        services.compute(
                type,
                (_, old) -> {
                    List<Object> all = new ArrayList<>(old == null ? List.of() : old);
                    all.add(service);
                    return List.copyOf(all);
                });
    }

    <T> void withdraw(Class<T> type, T service) {
        services.computeIfPresent(
                type, (_, old) -> old.stream().filter(s -> s != service).toList());
    }

    /** What a device provided last under a type. */
    public <T> Optional<T> find(Class<T> type) {
        List<T> all = findAll(type);
        return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
    }

    /** What devices provided under a type, the first one first. */
    @SuppressWarnings("unchecked") // provide() takes nothing else
    private <T> List<T> findAll(Class<T> type) {
        return (List<T>) services.getOrDefault(type, List.of());
    }

    /** The pointer to use now: the last absolute one that the guest listens to, or the first. */
    public Optional<PointerSink> pointer() {
        List<PointerSink> all = findAll(PointerSink.class);
        for (PointerSink sink : all.reversed()) {
            if (sink.absolute()) {
                return Optional.of(sink);
            }
        }
        return all.stream().findFirst();
    }

    public List<String> models() {
        return devices.stream().map(Plugged::model).toList();
    }

    public VmConfig config() {
        return config;
    }

    public GuestMemory memory() {
        return memory;
    }

    public PortBus ports() {
        return ports;
    }

    public PciRoot pci() {
        return pci;
    }

    InterruptLines lines() {
        return lines;
    }

    public Clock clock() {
        return clock;
    }

    public Timers timers() {
        return timers;
    }

    public List<VirtualCpu> vcpus() {
        return vcpus;
    }

    /** What is in a drive, if there is one. */
    public Optional<BlockBackend> drive(String slot) {
        return backends.drive(slot);
    }

    Backends backends() {
        return backends;
    }

    PowerControl power() {
        return power;
    }

    /** Removes every device, the last first, and gives the memory back. The vCPUs are gone. */
    @Override
    public void close() {
        clock.stop();
        timers.close();
        for (Plugged plugged : devices.reversed()) {
            try {
                synchronized (plugged.device) {
                    plugged.device.close();
                }
                plugged.platform.close();
            } catch (RuntimeException e) {
                LOG.error("vm {}: {} did not close", config.name(), plugged.model, e);
            }
        }
        devices.clear();
        memory.close();
    }
}
