package trivium.machine.config;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import trivium.cpu.CpuModel;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/** What a VM's configuration must be, whoever made it. Files are looked at when it is started. */
public final class ConfigCheck {
    static final int MAX_CPUS = 16, MAX_MEMORY_MIB = 1 << 20;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
    private static final Pattern SLOT = Pattern.compile("ide[0-3]|floppy[01]|virtio[0-9]");
    private static final Pattern PLACE = Pattern.compile("[^:]*:\\d{1,5}|\\[[^]]*]:\\d{1,5}");
    private static final Set<String> BOOT_FROM = Set.of("cdrom", "disk", "floppy", "network");

    private ConfigCheck() {}

    /**
     * @throws VmException naming the VM, the key, the value and what is valid
     */
    public static void check(VmConfig c) throws VmException {
        require(
                NAME.matcher(c.name()).matches(),
                c,
                "name",
                c.name(),
                "is not 1 to 64 letters, digits, '-', '_' and '.'");
        require(!c.name().matches("\\.+"), c, "name", c.name(), "is no name for a file");
        require(
                c.cpus() >= 1 && c.cpus() <= MAX_CPUS,
                c,
                "cpus",
                c.cpus(),
                "is not a number from 1 to " + MAX_CPUS);
        require(
                c.cpus() == 1 || c.cpu().atLeast(CpuModel.PENTIUM3),
                c,
                "cpus",
                c.cpus(),
                "is too many: a %s has no local APIC, so 1 it is".formatted(c.cpu()));
        require(
                c.cpus() == 1 || !c.icount(),
                c,
                "cpus",
                c.cpus(),
                "is too many: time counted in instructions takes 1");
        require(
                c.memoryMiB() >= 1 && c.memoryMiB() <= MAX_MEMORY_MIB,
                c,
                "memory",
                c.memoryMiB(),
                "is not a number from 1 to " + MAX_MEMORY_MIB);
        require(
                serial(c.serial()),
                c,
                "serial",
                c.serial(),
                "is none of console, stdio, file:PATH, none");
        if (c.vnc().isPresent()) {
            String place = c.vnc().get();
            require(PLACE.matcher(place).matches(), c, "vnc", place, "is not HOST:PORT");
        }
        if (c.pageSharingGroup().isPresent()) {
            String group = c.pageSharingGroup().get();
            require(
                    NAME.matcher(group).matches(),
                    c,
                    "page-sharing-group",
                    group,
                    "is not 1 to 64 letters, digits, '-', '_' and '.'");
        }
        for (int port : c.logPorts().keySet()) {
            require(port >= 0 && port <= 0xffff, c, "log-port", port, "is no port");
        }
        checkBoot(c);
    }

    private static boolean serial(String where) {
        boolean known = List.of("console", "stdio", "none").contains(where);
        return known || where.startsWith("file:") && where.length() > "file:".length();
    }

    private static void checkBoot(VmConfig c) throws VmException {
        for (String kind : c.boot().order().split("[,\\s]+")) {
            require(
                    kind.isEmpty() || BOOT_FROM.contains(kind),
                    c,
                    "boot-order",
                    kind,
                    "is none of cdrom, disk, floppy, network");
        }
        require(
                c.boot().kernel().isPresent() || c.boot().initrd().isEmpty(),
                c,
                "initrd",
                c.boot().initrd().map(Object::toString).orElse(""),
                "needs a kernel");
        Set<String> slots = new HashSet<>();
        for (Drive drive : c.boot().drives()) {
            String slot = drive.slot();
            require(
                    SLOT.matcher(slot).matches(),
                    c,
                    "drive",
                    slot,
                    "is none of ide0 to ide3, floppy0, floppy1, virtio0 to virtio9");
            require(slots.add(slot), c, "drive", slot, "is there twice");
            boolean floppy = slot.startsWith("floppy");
            require(
                    floppy == (drive.kind() == BlockKind.FLOPPY),
                    c,
                    "drive." + slot,
                    drive.kind(),
                    "does not go into this slot");
        }
    }

    private static void require(boolean good, VmConfig c, String key, Object value, String why)
            throws VmException {
        if (!good) {
            throw new VmException("vm %s: %s=%s %s".formatted(c.name(), key, value, why));
        }
    }
}
