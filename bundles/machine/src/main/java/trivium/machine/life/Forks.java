package trivium.machine.life;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import trivium.hostos.HostInfo;
import trivium.hostos.Mappings;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.DeviceSpec;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/** What a fork has of its own: its name, its way to the world, and drives that it cannot keep. */
final class Forks {
    private static final String MAC = "mac";

    /** What a guest that goes on writes in its first moments, and the JVM's part. */
    private static final long NEEDED_MIB = 64;

    private static final int NEEDED_MAPPINGS = 64;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Forks() {}

    /**
     * @throws VmException if this host has no room for another one; nothing was done yet
     */
    static void checkRoom(String parent) throws VmException {
        long freeMiB = HostInfo.availableBytes() >> 20;
        if (freeMiB < NEEDED_MIB) {
            throw new VmException(
                    "vm %s cannot be forked: this host has %d MiB of memory left, %d are needed"
                            .formatted(parent, freeMiB, NEEDED_MIB));
        }
        if (Mappings.used() + NEEDED_MAPPINGS > Mappings.most()) {
            throw new VmException(
                    "vm %s cannot be forked: %d of %d mappings of memory are in use"
                            .formatted(parent, Mappings.used(), Mappings.most()));
        }
    }

    /** NAME-1, NAME-2 and so on: the first that is free. */
    static String name(String parent, Predicate<String> taken) {
        for (int n = 1; ; n++) {
            String name = parent + "-" + n;
            if (!taken.test(name)) {
                return name;
            }
        }
    }

    /**
     * The configuration of a fork. If it is started anew, it may only read its parent's images:
     * what it wrote is gone with its power.
     */
    static VmConfig config(VmConfig c, String name) {
        List<Drive> drives = new ArrayList<>();
        for (Drive d : c.boot().drives()) {
            drives.add(new Drive(d.slot(), d.kind(), d.image(), true));
        }
        VmConfig.Boot b = c.boot();
        return new VmConfig(
                name,
                c.engine(),
                c.mmu(),
                c.cpu(),
                c.cpus(),
                c.memoryMiB(),
                c.devices().stream().map(Forks::device).toList(),
                new VmConfig.Boot(b.bios(), b.kernel(), b.initrd(), b.append(), drives, b.order()),
                c.serial().equals("none") ? "none" : "console",
                c.debugExit(),
                Map.of(),
                c.vnc().map(Forks::anyPort),
                false,
                c.icount(),
                c.resetOnTripleFault(),
                c.pageSharingGroup());
    }

    private static String anyPort(String place) {
        return place.substring(0, place.lastIndexOf(':')) + ":0";
    }

    private static DeviceSpec device(DeviceSpec device) {
        if (!device.options().containsKey(MAC)) {
            return device;
        }
        Map<String, String> options = new HashMap<>(device.options());
        options.put(MAC, randomMac());
        return new DeviceSpec(device.model(), options);
    }

    /** Locally administered, unicast: QEMU's prefix 52:54:00 is. */
    private static String randomMac() {
        int bits = RANDOM.nextInt(1 << 24);
        return "52:54:00:%02x:%02x:%02x".formatted(bits >> 16, bits >> 8 & 0xff, bits & 0xff);
    }

    /** The name asked for, or one made of the parent's. */
    static String name(String parent, Optional<String> asked, Predicate<String> taken)
            throws VmException {
        String name = asked.orElseGet(() -> name(parent, taken));
        if (taken.test(name)) {
            throw new VmException("there is a VM '%s' already".formatted(name));
        }
        return name;
    }
}
