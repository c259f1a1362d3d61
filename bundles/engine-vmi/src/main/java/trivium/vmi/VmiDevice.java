package trivium.vmi;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDI;
import static trivium.cpu.VcpuState.RDX;
import static trivium.cpu.VcpuState.RSI;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.bus.IrqLine;
import trivium.cpu.CpuModel;
import trivium.cpu.LocalApic;
import trivium.device.ApicBus;
import trivium.device.CurrentVcpu;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.FirmwareConfig;
import trivium.device.Platform;
import trivium.vm.VmException;

/**
 * Gives the guest the VMI ROM and answers those of its calls that take more than instructions:
 * alarms, wall clock, local APIC, the state that other vCPUs start with. It does so whatever engine
 * runs the guest; {@link VmiEngine} adds what only an engine can.
 *
 * <p>Firmware gets the ROM through fw_cfg and puts it where it likes; where there is no firmware it
 * is at C8000. The real counter is the VM's clock. The wall clock runs with it, so it never jumps.
 */
public final class VmiDevice implements Device {
    static final int MAJOR = 1, MINOR = 0;

    /** As VMware's; what Linux kernels were tried with. */
    static final long DEFAULT_TOP = 0xfc00_0000L;

    private static final int PLACE = 0xc_8000, COUNTERS = 2, MOST_ROM_BYTES = 32 * 1024;
    private static final String FILE = "genroms/trivium-vmi.bin";

    /** Saved registers; stolen cycles and alarms by vCPU; the ROM as it is at C8000. */
    record State(
            byte[] rom,
            boolean found,
            boolean fresh,
            boolean hypervisor,
            long[] stolen,
            long[] reported,
            boolean[] down,
            List<Alarm.State> alarms,
            ApStates.State apStates) {}

    private final Platform platform;
    private final byte[] rom;
    private final MemorySegment place;
    private final IrqLine irq0;
    private final ApStates apStates;

    /** Two for each vCPU: of the real counter, of the available one. */
    private final List<Alarm> alarms = new ArrayList<>();

    private final long[] stolen;

    /** The lower half of a report that is under way. */
    private final long[] reported;

    private final boolean[] down;

    /** The upper half of an answer. */
    private int high;

    private boolean found, hypervisor;

    /** When the last reset was. */
    private long resetNanos;

    private boolean fresh = true;

    VmiDevice(Platform platform, byte[] rom) {
        this.platform = platform;
        this.rom = rom;
        int cpus = platform.cpuCount();
        stolen = new long[cpus];
        reported = new long[cpus];
        down = new boolean[cpus];
        apStates = new ApStates(cpus);
        irq0 = platform.isaIrq(0);
        for (int i = 0; i < cpus * COUNTERS; i++) {
            alarms.add(newAlarm(i / COUNTERS, i % COUNTERS));
        }
        place = platform.regions().allocate("vmi-rom", MOST_ROM_BYTES);
        put(rom);
        platform.regions().mapMemory("vmi-rom", PLACE, place, false);
        platform.claimPorts("vmi", Ports.BASE, Ports.COUNT, this, new Window());
    }

    private void put(byte[] bytes) {
        place.fill((byte) 0);
        MemorySegment.copy(bytes, 0, place, ValueLayout.JAVA_BYTE, 0, bytes.length);
    }

    private Alarm newAlarm(int cpu, int counter) {
        var timer =
                platform.newTimer(
                        "vmi%d-%d".formatted(cpu, counter), this, () -> look(cpu, counter));
        return new Alarm(platform.clock(), timer, () -> counter == 0 ? 0 : stolen[cpu]);
    }

    private Alarm alarm(int cpu, int counter) {
        return alarms.get(cpu * COUNTERS + counter);
    }

    private void look(int cpu, int counter) {
        Alarm alarm = alarm(cpu, counter);
        if (!alarm.due()) {
            return;
        }
        if ((alarm.flags() & Alarm.LOCAL_APIC) != 0) {
            apic(cpu).timerInterrupt();
        } else {
            irq0.pulse();
        }
    }

    private LocalApic apic(int cpu) {
        return platform.find(ApicBus.class).map(bus -> bus.apic(cpu)).orElse(LocalApic.NONE);
    }

    private final class Window implements BusDevice {
        @Override
        public long read(long offset, int size) {
            if (size != 4 || offset % 4 != 0) {
                return -1;
            }
            int cpu = cpu();
            int port = Ports.BASE + (int) offset;
            long[] gpr = CurrentVcpu.registers();
            return gpr == null ? status(port, cpu) : call(port, cpu, gpr);
        }

        @Override
        public void write(long offset, int size, long value) {
            if (size == 4 && offset % 4 == 0) {
                take(Ports.BASE + (int) offset, cpu(), (int) value);
            }
        }
    }

    private int cpu() {
        return Math.min(CurrentVcpu.index(), stolen.length - 1);
    }

    private int call(int port, int cpu, long[] gpr) {
        int eax = (int) gpr[RAX], ebx = (int) gpr[RBX];
        return switch (port) {
            case Ports.INIT -> initialize(eax);
            case Ports.APIC_READ -> apic(cpu).readRegister(eax & 0xff0);
            case Ports.APIC_WRITE -> {
                apic(cpu).writeRegister(eax & 0xff0, ebx);
                yield eax;
            }
            case Ports.STOLEN -> wide(gpr, stolen[cpu]);
            case Ports.SET_ALARM -> {
                long delta = gpr[RDI] << 32 | gpr[RSI] & 0xffff_ffffL;
                setAlarm(cpu, eax, delta, gpr[RCX] << 32 | ebx & 0xffff_ffffL);
                yield eax;
            }
            case Ports.CANCEL_ALARM -> cancelAlarm(cpu, eax);
            case Ports.WALLCLOCK -> wide(gpr, platform.clock().epochMillis() * 1_000_000);
            case Ports.AP_STATE -> {
                apStates.begin(cpu, ebx);
                yield eax;
            }
            case Ports.SHUTDOWN -> shutDown(cpu);
            default -> status(port, cpu);
        };
    }

    /** What needs no registers. */
    private int status(int port, int cpu) {
        return switch (port) {
            case Ports.STATUS -> Ports.SIGNATURE | flags(cpu);
            case Ports.AP_OWN -> apStates.read(cpu);
            case Ports.VIRTUAL_TOP -> place.get(ValueLayout.JAVA_INT_UNALIGNED, Rom.VIRTUAL_TOP);
            case Ports.WALLCLOCK_UPDATED, Ports.INVALIDATE -> 0;
            default -> -1;
        };
    }

    private int flags(int cpu) {
        fresh &= now() == resetNanos;
        return (found ? Ports.FOUND : 0)
                | (fresh ? Ports.FRESH : 0)
                | (apStates.ready(cpu) ? Ports.AP_READY : 0);
    }

    private static int wide(long[] gpr, long value) {
        gpr[RDX] = value >>> 32;
        return (int) value;
    }

    private void take(int port, int cpu, int value) {
        switch (port) {
            case Ports.AP_STATE -> apStates.add(cpu, value);
            case Ports.AP_OWN -> apStates.select(cpu, value);
            case Ports.STOLEN -> reported[cpu] = value & 0xffff_ffffL;
            case Ports.STOLEN_HIGH -> {
                long cycles = (long) value << 32 | reported[cpu];
                // A guest that lies here would only fool itself, but time must not go back.
                stolen[cpu] = Math.clamp(cycles, stolen[cpu], Math.max(stolen[cpu], now()));
            }
            case Ports.STATUS -> {
                hypervisor = value != 0;
                RomPlace.serve(platform.memory(), hypervisor);
            }
            default -> {}
        }
    }

    private long now() {
        return platform.clock().nanos();
    }

    /** VMI_Init: alarms and what else there was are as after a reset. */
    private int initialize(int protocol) {
        if (protocol != Ports.PROTOCOL) {
            return -1;
        }
        forget();
        found = true;
        RomPlace.serve(platform.memory(), hypervisor);
        return 0;
    }

    private void forget() {
        alarms.forEach(Alarm::cancel);
        apStates.reset();
        Arrays.fill(down, false);
    }

    private void setAlarm(int cpu, int flags, long delta, long period) {
        int counter = flags & Alarm.COUNTER;
        if (counter < COUNTERS) {
            // From the real counter's now to that of the other one.
            long own = counter == 0 ? delta : delta + stolen[cpu];
            alarm(cpu, counter).set(flags, own, period);
            look(cpu, counter);
        }
    }

    private int cancelAlarm(int cpu, int flags) {
        int counter = flags & Alarm.COUNTER;
        return counter < COUNTERS && alarm(cpu, counter).cancel() ? 1 : 0;
    }

    /** When every vCPU is down there is nobody who could start one again. */
    private int shutDown(int cpu) {
        down[cpu] = true;
        for (boolean one : down) {
            if (!one) {
                return 0;
            }
        }
        platform.power().powerOff("VMI");
        return 0;
    }

    // --- Device

    @Override
    public void reset() {
        forget();
        put(rom);
        hypervisor = false; // an engine that runs the guest says so again
        found = false;
        Arrays.fill(stolen, 0);
        resetNanos = now();
        fresh = true;
        platform.find(FirmwareConfig.class).ifPresent(f -> f.addFile(FILE, rom));
    }

    @Override
    public Record save() {
        return new State(
                place.toArray(ValueLayout.JAVA_BYTE),
                found,
                fresh && now() == resetNanos,
                hypervisor,
                stolen.clone(),
                reported.clone(),
                down.clone(),
                alarms.stream().map(Alarm::save).toList(),
                apStates.save());
    }

    @Override
    public void restore(Record state) {
        if (!(state instanceof State s)
                || s.rom.length != MOST_ROM_BYTES
                || s.stolen.length != stolen.length
                || s.reported.length != stolen.length
                || s.down.length != down.length
                || s.alarms.size() != alarms.size()) {
            throw new IllegalArgumentException("not a state of this model with as many vCPUs");
        }
        apStates.restore(s.apStates);
        put(s.rom); // a guest without firmware runs it there, whatever this model would bring
        found = s.found;
        fresh = s.fresh;
        resetNanos = now();
        hypervisor = s.hypervisor;
        System.arraycopy(s.stolen, 0, stolen, 0, stolen.length);
        System.arraycopy(s.reported, 0, reported, 0, stolen.length);
        System.arraycopy(s.down, 0, down, 0, down.length);
        for (int i = 0; i < alarms.size(); i++) {
            alarms.get(i).restore(s.alarms.get(i));
        }
    }

    /** Makes the device that brings the ROM. */
    @Component(property = DeviceFactory.MODEL + "=vmi")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "vmi";
        }

        @Override
        public String description() {
            return "VMI option ROM, by which 32-bit Linux 2.6.21 to 2.6.36 is paravirtualized";
        }

        @Override
        public Map<String, String> options() {
            return Map.of(
                    "rom", "full, lean, native or minimal: which calls it serves",
                    "image", "a file to take in its place",
                    "top", "first linear address reserved for the hypervisor, or 0");
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(options().keySet());
            if (!platform.cpuModel().atLeast(CpuModel.PENTIUM3)) {
                throw new VmException(
                        "device vmi: a guest that speaks VMI needs CPU pentium3 or later, not %s"
                                .formatted(platform.cpuModel()));
            }
            long top = options.number("top", DEFAULT_TOP, 0, 0xffc0_0000L);
            if (top % 0x40_0000 != 0) {
                throw new VmException("device vmi: top=%#x is no multiple of 4 MiB".formatted(top));
            }
            var asked = new Rom.Options(variant(options), MAJOR, MINOR, (int) top, Map.of());
            String image = options.get("image", "");
            byte[] rom = image.isEmpty() ? Rom.build(asked) : read(image);
            return new VmiDevice(platform, rom);
        }

        private static Rom.Variant variant(DeviceOptions options) throws VmException {
            String name = options.get("rom", "full");
            try {
                return Rom.Variant.valueOf(name.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new VmException(
                        "device vmi: rom=%s is none of full, lean, native, minimal".formatted(name),
                        e);
            }
        }

        private static byte[] read(String image) throws VmException {
            byte[] rom;
            try {
                rom = Files.readAllBytes(Path.of(image));
            } catch (IOException | InvalidPathException e) {
                throw new VmException(
                        "device vmi: image %s cannot be read: %s".formatted(image, e), e);
            }
            int units = rom.length > 2 ? rom[2] & 0xff : 0;
            if (rom.length < Rom.UNIT
                    || rom.length > MOST_ROM_BYTES
                    || units * Rom.UNIT != rom.length
                    || Rom.checksum(rom, 0, rom.length) != 0) {
                throw new VmException("device vmi: %s is no option ROM".formatted(image));
            }
            return rom;
        }
    }
}
