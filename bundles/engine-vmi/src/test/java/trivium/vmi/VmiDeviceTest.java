package trivium.vmi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static trivium.cpu.VcpuState.*;

import java.lang.foreign.Arena;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.bus.BusDevice;
import trivium.bus.IrqLine;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;
import trivium.device.CurrentVcpu;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.PowerControl;
import trivium.device.VirtualClock;
import trivium.device.VirtualTimer;
import trivium.memory.MemoryRegions;
import trivium.memory.PhysicalMemory;
import trivium.vm.VmException;

class VmiDeviceTest {
    private static final int CPUS = 2;

    private final VcpuState state = new VcpuState();
    private long nanos = 1000;
    private int interrupts;
    private long deadline;
    private Runnable due = () -> {};
    private BusDevice window;
    private VmiDevice device;

    @BeforeEach
    void begin() {
        CurrentVcpu.bind(0, state);
        device = new VmiDevice(platform(CpuModel.X86_64), Pc.rom(Rom.Variant.FULL, Map.of()));
        device.reset();
    }

    @AfterEach
    void unbind() {
        CurrentVcpu.bind(0);
    }

    private <T> T fake(Class<T> type, Map<String, Object> answers) {
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (_, method, arguments) -> {
                            if (method.getName().equals("claimPorts")) {
                                window = (BusDevice) arguments[4];
                            } else if (method.getName().equals("newTimer")) {
                                return timer((Runnable) arguments[2]);
                            } else if (method.getName().equals("allocate")) {
                                return Arena.ofAuto().allocate((long) arguments[1]);
                            }
                            Class<?> wanted = method.getReturnType();
                            Object zero =
                                    wanted == int.class
                                            ? (Object) 0
                                            : wanted == long.class ? 0L : null;
                            return answers.getOrDefault(method.getName(), zero);
                        }));
    }

    /** The first timer, which is the only one that most tests need. */
    private VirtualTimer timer(Runnable action) {
        boolean first = window == null && deadline == 0;
        if (first) {
            due = action;
            deadline = Long.MAX_VALUE;
        }
        return new VirtualTimer() {
            @Override
            public void arm(long at) {
                deadline = first ? at : deadline;
            }

            @Override
            public void cancel() {
                deadline = first ? Long.MAX_VALUE : deadline;
            }
        };
    }

    private Platform platform(CpuModel model) {
        VirtualClock clock =
                new VirtualClock() {
                    @Override
                    public long nanos() {
                        return nanos;
                    }

                    @Override
                    public long epochMillis() {
                        return 1_000_000 + nanos / 1_000_000;
                    }
                };
        IrqLine line = asserted -> interrupts += asserted ? 1 : 0;
        return fake(
                Platform.class,
                Map.of(
                        "cpuCount",
                        CPUS,
                        "cpuModel",
                        model,
                        "isaIrq",
                        line,
                        "clock",
                        clock,
                        "regions",
                        fake(MemoryRegions.class, Map.of()),
                        "memory",
                        fake(PhysicalMemory.class, Map.of()),
                        "power",
                        fake(PowerControl.class, Map.of()),
                        "find",
                        Optional.empty()));
    }

    private int in(int port) {
        return (int) window.read(port - Ports.BASE, 4);
    }

    private void alarm(int flags, long delta, long period) {
        state.gpr[RAX] = flags;
        state.gpr[RSI] = delta & 0xffff_ffffL;
        state.gpr[RDI] = delta >>> 32;
        state.gpr[RBX] = period & 0xffff_ffffL;
        state.gpr[RCX] = period >>> 32;
        in(Ports.SET_ALARM);
    }

    private void advanceTo(long to) {
        nanos = to;
        while (deadline <= nanos) {
            deadline = Long.MAX_VALUE;
            due.run();
        }
    }

    @Test
    void anotherProtocolIsRefused() {
        state.gpr[RAX] = Ports.PROTOCOL + 1;
        assertThat(in(Ports.INIT)).isEqualTo(-1);
        assertThat(in(Ports.STATUS) & Ports.FOUND).isZero();

        state.gpr[RAX] = Ports.PROTOCOL;
        assertThat(in(Ports.INIT)).isZero();
        assertThat(in(Ports.STATUS)).isEqualTo(Ports.SIGNATURE | Ports.FOUND | Ports.FRESH);
    }

    @Test
    void isFreshAsLongAsNoTimePasses() {
        assertThat(in(Ports.STATUS) & Ports.FRESH).isNotZero();
        nanos++;
        assertThat(in(Ports.STATUS) & Ports.FRESH).isZero();
        device.reset();
        assertThat(in(Ports.STATUS) & Ports.FRESH).isNotZero();
    }

    /** The next is the first of e + i * p that is not past, so phases stay. */
    @Test
    void missedTicksAreOneAndPhasesStay() {
        alarm(Alarm.PERIODIC, 0, 1_000_000);
        assertThat(interrupts).as("the expiry is now").isEqualTo(1);
        assertThat(deadline).isEqualTo(1_001_000);

        advanceTo(5_500_000);
        assertThat(interrupts).isEqualTo(2);
        assertThat(deadline).isEqualTo(6_001_000);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 1", // a series without time between: bounded
        "0, 0, 1",
        "-9223372036854775808, 3, 1",
        "0, -1, 1",
        "0, 9223372036854775807, 1",
        "9223372036854775807, 5, 0",
        "-1, 0, 1"
    })
    void noAlarmIsTooOdd(long delta, long period, int atOnce) {
        alarm(Alarm.PERIODIC, delta, period);
        assertThat(interrupts).isEqualTo(atOnce);
        assertThat(deadline).isGreaterThanOrEqualTo(nanos + 20_000);
        assertThat(device.save()).isNotNull();
    }

    @Test
    void anAlarmGoesOffOnceAndCanBeCancelled() {
        alarm(0, 500, 77);
        advanceTo(1400);
        assertThat(interrupts).isZero();
        advanceTo(1500);
        assertThat(interrupts).isEqualTo(1);
        state.gpr[RAX] = 0;
        assertThat(in(Ports.CANCEL_ALARM)).isZero();

        alarm(0, 500, 0);
        assertThat(in(Ports.CANCEL_ALARM)).isEqualTo(1);
        advanceTo(10_000);
        assertThat(interrupts).isEqualTo(1);
    }

    @Test
    void stolenTimeOnlyGrowsAndIsNeverMoreThanThereWas() {
        window.write(Ports.STOLEN - Ports.BASE, 4, 700);
        window.write(Ports.STOLEN_HIGH - Ports.BASE, 4, 0);
        assertThat(in(Ports.STOLEN)).isEqualTo(700);
        window.write(Ports.STOLEN - Ports.BASE, 4, 600);
        window.write(Ports.STOLEN_HIGH - Ports.BASE, 4, 0);
        assertThat(in(Ports.STOLEN)).isEqualTo(700);
        window.write(Ports.STOLEN_HIGH - Ports.BASE, 4, 9);
        assertThat(in(Ports.STOLEN)).isEqualTo(1000);
    }

    /** Seeded random accesses on both vCPUs: nothing escapes, and the state can be taken back. */
    @Test
    void nothingAGuestDoesThrows() {
        Random random = new Random(20261123);
        for (int i = 0; i < 300_000; i++) {
            CurrentVcpu.bind(random.nextInt(3), state);
            for (int r = 0; r < 8; r++) {
                boolean small = random.nextBoolean();
                state.gpr[r] = small ? random.nextInt(4) : random.nextInt() & 0xffff_ffffL;
            }
            int size = 1 << random.nextInt(3);
            int offset = random.nextInt(Ports.COUNT - size + 1);
            if (random.nextBoolean()) {
                window.read(offset, size);
            } else {
                window.write(offset, size, random.nextInt() & -1L >>> 64 - 8 * size);
            }
            nanos += random.nextInt(100_000);
            if (i % 1000 == 0) {
                device.restore(device.save());
                due.run();
            }
        }
    }

    @Test
    void takesBackItsStateAndNoOther() {
        alarm(Alarm.PERIODIC, 100, 1_000_000);
        state.gpr[RBX] = 1;
        in(Ports.AP_STATE);
        for (int i = 0; i < RomCode.AP_STATE_DWORDS; i++) {
            window.write(Ports.AP_STATE - Ports.BASE, 4, 1000 + i);
        }
        Record saved = device.save();
        window = null;
        deadline = 0;
        var other = new VmiDevice(platform(CpuModel.X86_64), Pc.rom(Rom.Variant.MINIMAL, Map.of()));
        other.reset();
        other.restore(saved);

        assertThat(other.save()).usingRecursiveComparison().isEqualTo(saved);
        assertThat(deadline).isEqualTo(1100);
        CurrentVcpu.bind(1, state);
        assertThat(in(Ports.STATUS) & Ports.AP_READY).isNotZero();
        window.write(Ports.AP_OWN - Ports.BASE, 4, 7);
        assertThat(in(Ports.AP_OWN)).isEqualTo(1007);
        assertThatIllegalArgumentException().isThrownBy(() -> other.restore(new NoState(1)));
    }

    private record NoState(int x) {}

    private void create(CpuModel model, String key, String value) throws VmException {
        Map<String, String> options = key.isEmpty() ? Map.of() : Map.of(key, value);
        new VmiDevice.Factory().create(platform(model), new DeviceOptions("vmi", options));
    }

    @ParameterizedTest
    @CsvSource({
        "X86_64, rom, half, is none of full",
        "X86_64, top, 0xfc000001, no multiple of 4 MiB",
        "X86_64, image, /nowhere, cannot be read",
        "X86_64, more, 1, has no option",
        "I386, '', '', pentium3 or later"
    })
    void wrongOptionsAreNamed(CpuModel model, String key, String value, String said) {
        assertThatThrownBy(() -> create(model, key, value))
                .isInstanceOf(VmException.class)
                .hasMessageContaining(said);
    }

    @Test
    void anotherImageIsTaken(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("rom.bin");
        byte[] rom = Rom.build(new Rom.Options(Rom.Variant.FULL, 9, 7, 0xf000_0000, Map.of()));
        Files.write(file, rom);
        create(CpuModel.PENTIUM3, "image", file.toString());
        assertThat(in(Ports.VIRTUAL_TOP)).isEqualTo(0xf000_0000);

        rom[100]++;
        Files.write(file, rom);
        assertThatThrownBy(() -> create(CpuModel.PENTIUM3, "image", file.toString()))
                .hasMessageContaining("is no option ROM");
    }
}
