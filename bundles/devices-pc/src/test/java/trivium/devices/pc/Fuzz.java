package trivium.devices.pc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import trivium.device.Device;

/** Random reads and writes of every register a device claimed; nothing may throw. */
public final class Fuzz {
    private static final int[] SIZES = {1, 1, 1, 2, 4};
    private static final int ROUNDS = 60_000;

    private Fuzz() {}

    /** Runs the accesses, with time passing, then a save, a restore and a reset. */
    public static void run(long seed, FakePlatform pc, Device device) {
        Random random = new Random(seed);
        for (int i = 0; i < ROUNDS; i++) {
            if (!byItself(random, pc, device)) {
                access(random, pc);
            }
            if (random.nextInt(8) == 0) {
                pc.advance(random.nextInt(random.nextInt(16) == 0 ? 20_000_000 : 20_000));
            }
        }
        synchronized (device) {
            Record state = device.save();
            device.restore(state);
            assertThat(device.save()).usingRecursiveComparison().isEqualTo(state);
            device.reset();
            device.close();
        }
    }

    /** What a CPU may do without calling the device ends as if it had called. */
    private static boolean byItself(Random random, FakePlatform pc, Device device) {
        List<Integer> ports = pc.claimedPorts();
        if (ports.isEmpty() || random.nextInt(4) != 0) {
            return false;
        }
        int port = ports.get(random.nextInt(ports.size()));
        int size = SIZES[random.nextInt(SIZES.length)];
        synchronized (device) {
            Record before = device.save();
            if (random.nextBoolean()) {
                long value = pc.shared.read(port, size);
                if (value >= 0) {
                    assertThat(pc.in(port, size) & 0xffff_ffffL).isEqualTo(value);
                    assertThat(device.save()).usingRecursiveComparison().isEqualTo(before);
                }
                return value >= 0;
            }
            device.restore(before);
            int value = value(random);
            if (!pc.shared.write(port, size, value)) {
                return false;
            }
            Record after = device.save();
            device.restore(before);
            pc.out(port, size, value);
            assertThat(device.save()).usingRecursiveComparison().isEqualTo(after);
            return true;
        }
    }

    private static void access(Random random, FakePlatform pc) {
        List<Integer> ports = pc.claimedPorts();
        List<FakeMemory.Region> mmio =
                pc.memory().mapped.stream().filter(r -> r.open && r.device != null).toList();
        int kinds = random.nextInt(3);
        if (kinds == 0 && !pc.functions().isEmpty()) {
            config(random, pc);
        } else if (kinds == 1 && !mmio.isEmpty()) {
            mmio(random, pc, mmio.get(random.nextInt(mmio.size())));
        } else if (!ports.isEmpty()) {
            port(random, pc, ports.get(random.nextInt(ports.size())));
        }
    }

    private static void port(Random random, FakePlatform pc, int port) {
        int size = SIZES[random.nextInt(SIZES.length)];
        if (random.nextBoolean()) {
            pc.out(port, size, value(random));
        } else {
            pc.in(port, size);
        }
    }

    private static void config(Random random, FakePlatform pc) {
        int size = 1 << random.nextInt(3);
        int register = random.nextInt(256) & -size;
        int function = pc.functions().stream().findAny().orElseThrow();
        if (random.nextBoolean()) {
            pc.writeConfig(function >> 3, function & 7, register, size, value(random));
        } else {
            pc.readConfig(function >> 3, function & 7, register, size);
        }
    }

    private static void mmio(Random random, FakePlatform pc, FakeMemory.Region region) {
        int size = 1 << random.nextInt(4);
        long gpa = region.gpa + random.nextLong(region.sizeBytes - size + 1);
        gpa = random.nextInt(8) == 0 ? gpa : gpa & -16 | gpa & (random.nextBoolean() ? 4 : 0);
        if (random.nextBoolean()) {
            pc.memory().write(gpa, size, (long) value(random) << 32 ^ value(random));
        } else {
            pc.memory().read(gpa, size);
        }
    }

    private static int value(Random random) {
        return random.nextInt() >>> random.nextInt(32);
    }
}
