package trivium.machine.board;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.ApicBus;
import trivium.device.BlockBackend;
import trivium.device.CoprocessorError;
import trivium.device.Device;
import trivium.device.DeviceFactory;
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

    /** What a device provides; the place of the device orders them. */
    private record Provided(int place, Object service) {}

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
    private final Map<Class<?>, List<Provided>> services = new ConcurrentHashMap<>();

    /** By place and name: memory of devices, which outlives them. */
    private final Map<String, MemorySegment> allocations = new ConcurrentHashMap<>();

    /** Of the moment in which a device was taken out. */
    private List<VirtualCpu.Events> events = List.of();

    private volatile boolean incomplete;

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
            if (config.pageSharingGroup().isPresent()) {
                memory.makePrivate();
            }
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
        devices.add(new Plugged(this, devices.size(), factory, options));
    }

    /** Joins vCPUs and interrupt controllers, when every device is plugged in. */
    public void connect() {
        IsaPic pic = find(IsaPic.class).orElse(null);
        ApicBus apics = find(ApicBus.class).orElse(null);
        CoprocessorError coprocessor = find(CoprocessorError.class).orElse(_ -> {});
        for (VirtualCpu vcpu : vcpus) {
            vcpu.connect(pic, apics, coprocessor);
        }
        lines.setPic(pic);
        if (pic != null) {
            pic.setOutput(asserted -> {
                if (apics != null) {
                    apics.setPicLine(asserted);
                }
                vcpus.forEach(VirtualCpu::update);
            });
        }
        lines.setIoApic(find(IoApic.class).orElse(null));
    }

    /** Power-on or hard reset of every device. The vCPUs stand still. */
    public void resetDevices() {
        memory.setA20(true);
        for (Plugged plugged : devices) {
            synchronized (plugged.device()) {
                plugged.device().reset();
            }
        }
        vcpus.forEach(VirtualCpu::clearEvents);
    }

    /** The states of the devices, in the order they were made. The vCPUs stand still. */
    public List<Record> saveDevices() {
        List<Record> states = new ArrayList<>();
        for (Plugged plugged : devices) {
            synchronized (plugged.device()) {
                states.add(plugged.device().save());
            }
        }
        return states;
    }

    /** Takes what {@link #saveDevices} of an equal board gave; timers are armed anew. */
    public void restoreDevices(List<Record> states) {
        timers.cancelAll();
        for (int i = 0; i < devices.size(); i++) {
            Device device = devices.get(i).device();
            synchronized (device) {
                device.restore(states.get(i));
            }
        }
    }

    // --- devices replaced while the VM is on

    /** Whether there is a device that this factory made. */
    public boolean uses(Object factory) {
        return devices.stream().anyMatch(plugged -> plugged.isOf(factory));
    }

    /** Who made the devices, by model. */
    public Map<String, DeviceFactory> makers() {
        Map<String, DeviceFactory> makers = new LinkedHashMap<>();
        devices.stream()
                .filter(plugged -> plugged.device() != null)
                .forEach(plugged -> makers.put(plugged.model(), plugged.factory()));
        return makers;
    }

    /** Who made the devices of a model. */
    public List<DeviceFactory> makersOf(String model) {
        return devices.stream()
                .filter(plugged -> plugged.model().equals(model) && plugged.device() != null)
                .map(Plugged::factory)
                .distinct()
                .toList();
    }

    /** Models that were taken out. */
    public List<String> missing() {
        return devices.stream().filter(p -> p.device() == null).map(Plugged::model).toList();
    }

    /**
     * Takes the devices of a factory out and keeps their states, and with the first the states of
     * all: when {@link #putBack} is done, it is as if nothing had happened. The vCPUs and the clock
     * stand still until then.
     */
    public void takeOut(Object factory) {
        if (!incomplete) {
            incomplete = true;
            devices.forEach(Plugged::save);
            events = vcpus.stream().map(VirtualCpu::saveEvents).toList();
        }
        for (Plugged plugged : devices.reversed()) {
            if (plugged.isOf(factory)) {
                plugged.takeOut();
            }
        }
        connect();
    }

    /** Whether devices are missing, so that what comes from outside must wait. */
    public boolean incomplete() {
        return incomplete;
    }

    /** Where missing devices are made. */
    public interface Makers {
        DeviceFactory of(String model) throws VmException;
    }

    /** What is to be done when they are made, before they get their states. */
    public interface Preparation {
        void run() throws VmException;
    }

    /**
     * Makes the devices that are missing and gives all devices the states they had.
     *
     * @throws VmException if a maker is missing, or a device cannot take what another version of it
     *     saved: those that were missing are missing still
     */
    public void putBack(Makers makers, Preparation before) throws VmException {
        List<Plugged> missing = devices.stream().filter(p -> p.device() == null).toList();
        List<DeviceFactory> factories = new ArrayList<>();
        for (Plugged plugged : missing) {
            factories.add(makers.of(plugged.model()));
        }
        try {
            for (int i = 0; i < missing.size(); i++) {
                missing.get(i).make(factories.get(i));
            }
            List<Record> states = new ArrayList<>();
            for (Plugged plugged : devices) {
                states.add(plugged.stateToTake());
            }
            connect();
            vcpus.forEach(vcpu -> vcpu.apic().setBase(vcpu.state().apicBase));
            before.run();
            restoreDevices(states);
        } catch (VmException e) {
            missing.reversed().forEach(Plugged::close);
            connect();
            throw e;
        } catch (RuntimeException e) {
            missing.reversed().forEach(Plugged::close);
            connect();
            throw new VmException("a device does not take its state: " + e.getMessage(), e);
        }
        for (int i = 0; i < vcpus.size(); i++) {
            vcpus.get(i).restoreEvents(events.get(i));
        }
        devices.forEach(Plugged::forgetStates);
        incomplete = false;
    }

    /** Memory for the device at a place: what an earlier one there had by that name, if any. */
    MemorySegment allocate(int place, String name, long sizeBytes) {
        return allocations.computeIfAbsent(
                "%d %s %d".formatted(place, name, sizeBytes),
                _ -> memory.allocate(name, sizeBytes));
    }

    <T> void provide(int place, Class<T> type, T service) {
        services.compute(
                type,
                (_, old) ->
                        Stream.concat(
                                        old == null ? Stream.of() : old.stream(),
                                        Stream.of(new Provided(place, service)))
                                .sorted(Comparator.comparingInt(Provided::place))
                                .toList());
    }

    <T> void withdraw(Class<T> type, T service) {
        services.computeIfPresent(
                type, (_, old) -> old.stream().filter(p -> p.service != service).toList());
    }

    /** What a device provided last under a type. */
    public <T> Optional<T> find(Class<T> type) {
        List<Provided> all = services.get(type);
        return all == null || all.isEmpty()
                ? Optional.empty()
                : Optional.of(type.cast(all.getLast().service));
    }

    /** What devices provided under a type, the first one first. */
    private <T> List<T> findAll(Class<T> type) {
        return services.getOrDefault(type, List.of()).stream()
                .map(provided -> type.cast(provided.service))
                .toList();
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
                plugged.close();
            } catch (RuntimeException e) {
                LOG.error("vm {}: {} did not close", config.name(), plugged.model(), e);
            }
        }
        devices.clear();
        memory.close();
    }
}
