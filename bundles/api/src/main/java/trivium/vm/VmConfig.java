package trivium.vm;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import trivium.cpu.CpuModel;

/**
 * What a VM is made of. Checked by {@code machine} when the VM is made, not here.
 *
 * @param name letters, digits, '-', '_' and '.'; at most 64 characters
 * @param engine an engine's name, or "auto"
 * @param mmu a strategy's name, or "auto"
 * @param memoryMiB RAM, 1 to 1048576
 * @param cpus 1 to 16
 * @param devices devices beside those of the board
 * @param boot firmware, kernel and drives
 * @param serial "stdio", "console", "file:PATH" or "none"
 * @param debugExit whether port 0xF4 ends the VM
 * @param logPorts port to the file that gets each byte written to it
 * @param vnc HOST:PORT, or empty for none
 * @param autostart whether it starts with the appliance
 * @param icount whether time is counted in instructions
 * @param resetOnTripleFault whether a triple fault resets the VM, as on a real PC, or ends it
 * @param pageSharingGroup the VMs with which it shares pages of the same content; empty: none
 */
public record VmConfig(
        String name,
        String engine,
        String mmu,
        CpuModel cpu,
        int cpus,
        int memoryMiB,
        List<DeviceSpec> devices,
        Boot boot,
        String serial,
        boolean debugExit,
        Map<Integer, Path> logPorts,
        Optional<String> vnc,
        boolean autostart,
        boolean icount,
        boolean resetOnTripleFault,
        Optional<String> pageSharingGroup) {

    public VmConfig {
        devices = List.copyOf(devices);
        logPorts = Map.copyOf(logPorts);
    }

    /** One that shares no pages by content. */
    public VmConfig(
            String name,
            String engine,
            String mmu,
            CpuModel cpu,
            int cpus,
            int memoryMiB,
            List<DeviceSpec> devices,
            Boot boot,
            String serial,
            boolean debugExit,
            Map<Integer, Path> logPorts,
            Optional<String> vnc,
            boolean autostart,
            boolean icount,
            boolean resetOnTripleFault) {
        this(
                name,
                engine,
                mmu,
                cpu,
                cpus,
                memoryMiB,
                devices,
                boot,
                serial,
                debugExit,
                logPorts,
                vnc,
                autostart,
                icount,
                resetOnTripleFault,
                Optional.empty());
    }

    /** One that a triple fault ends. */
    public VmConfig(
            String name,
            String engine,
            String mmu,
            CpuModel cpu,
            int cpus,
            int memoryMiB,
            List<DeviceSpec> devices,
            Boot boot,
            String serial,
            boolean debugExit,
            Map<Integer, Path> logPorts,
            Optional<String> vnc,
            boolean autostart,
            boolean icount) {
        this(
                name, engine, mmu, cpu, cpus, memoryMiB, devices, boot, serial, debugExit, logPorts,
                vnc, autostart, icount, false);
    }

    /** A device by model, with options. */
    public record DeviceSpec(String model, Map<String, String> options) {
        public DeviceSpec {
            options = Map.copyOf(options);
        }
    }

    /**
     * @param bios another system ROM than the firmware package's
     * @param kernel bzImage or Multiboot; empty: boot from a drive
     * @param order of "cdrom", "disk", "floppy", "network"; empty: what is there
     */
    public record Boot(
            Optional<Path> bios,
            Optional<Path> kernel,
            Optional<Path> initrd,
            String append,
            List<Drive> drives,
            String order) {
        public Boot {
            drives = List.copyOf(drives);
        }
    }

    /**
     * @param slot "ide0" to "ide3", "floppy0", "floppy1", "virtio0"…
     * @param image empty in a CD or floppy drive without a medium
     */
    public record Drive(String slot, BlockKind kind, Path image, boolean readOnly) {}

    /** What a drive holds. */
    public enum BlockKind {
        DISK,
        CDROM,
        FLOPPY
    }
}
