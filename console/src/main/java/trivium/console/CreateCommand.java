package trivium.console;

import java.util.List;
import java.util.Optional;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import trivium.cpu.CpuModel;
import trivium.vm.Vm;
import trivium.vm.VmConfig;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "create",
        description = "Makes a VM.",
        detailedDescription = "classpath:create.txt")
public final class CreateCommand extends VmCommand {
    @Reference Session session;

    @Argument(
            name = "name",
            description = "Its name: letters, digits, '-', '_' and '.', at most 64 characters",
            required = true)
    String name;

    @Option(name = "--engine", description = "Execution engine; see hv:engines")
    @Completion(Choices.Engines.class)
    String engine = "auto";

    @Option(name = "--mmu", description = "MMU strategy; see hv:engines")
    @Completion(Choices.Mmus.class)
    String mmu = "auto";

    @Option(name = "--cpu", description = "CPU model the guest sees")
    @Completion(Choices.Cpus.class)
    String cpu = CpuModel.X86_64.id();

    @Option(name = "--cpus", description = "Number of vCPUs")
    int cpus = 1;

    @Option(name = "--memory", description = "RAM in MiB, or as in 2G")
    String memory = "256";

    @Option(
            name = "--disk",
            description = "Disk image, as FILE[,ro][,slot=ide0]; may be given again",
            multiValued = true)
    @Completion(Choices.Files.class)
    List<String> disks;

    @Option(
            name = "--cdrom",
            description = "CD image, or none for an empty drive; may be given again",
            multiValued = true)
    @Completion(Choices.Files.class)
    List<String> cdroms;

    @Option(
            name = "--floppy",
            description = "Floppy image, or none; may be given again",
            multiValued = true)
    @Completion(Choices.Files.class)
    List<String> floppies;

    @Option(name = "--kernel", description = "Kernel to boot: bzImage or Multiboot")
    @Completion(Choices.Files.class)
    String kernel;

    @Option(name = "--initrd", description = "Initial RAM disk for the kernel")
    @Completion(Choices.Files.class)
    String initrd;

    @Option(name = "--append", description = "Command line for the kernel")
    String append = "";

    @Option(name = "--bios", description = "System ROM to use instead of SeaBIOS")
    @Completion(Choices.Files.class)
    String bios;

    @Option(name = "--boot-order", description = "Such as cdrom,disk; else what is there")
    String bootOrder = "";

    @Option(
            name = "--device",
            description = "More devices, as MODEL[,key=value]; may be given again",
            multiValued = true)
    @Completion(Choices.Devices.class)
    List<String> devices;

    @Option(name = "--serial", description = "COM1: console, file:PATH, stdio or none")
    @Completion(
            value = StringsCompleter.class,
            values = {"console", "file:", "stdio", "none"})
    String serial = "console";

    @Option(name = "--vnc", description = "HOST:PORT for viewers, auto or none")
    @Completion(
            value = StringsCompleter.class,
            values = {"auto", "none"})
    String vnc = "auto";

    @Option(name = "--debug-exit", description = "Let the guest end the VM by port 0xF4")
    boolean debugExit;

    @Option(
            name = "--log-port",
            description = "Log bytes written to a port, as PORT=FILE; may be given again",
            multiValued = true)
    List<String> logPorts;

    @Option(name = "--icount", description = "Count time in instructions: repeatable runs")
    boolean icount;

    @Option(name = "--on-triple-fault", description = "stop the VM, or reset it as a real PC does")
    @Completion(
            value = StringsCompleter.class,
            values = {"stop", "reset"})
    String onTripleFault = "stop";

    @Option(
            name = "--page-sharing-group",
            description = "Share pages of equal content with the VMs of this group")
    String pageSharingGroup;

    @Option(name = "--autostart", description = "Start it with the appliance")
    boolean autostart;

    @Option(name = "--start", description = "Start it now")
    boolean start;

    @Override
    void run() throws VmException {
        Vm vm = vms.create(config());
        out.println("created " + vm.id());
        if (start) {
            vm.start();
            out.println("started " + vm.id());
        }
    }

    private VmConfig config() throws VmException {
        var specs = new Specs(CurrentFolder.of(session));
        var boot =
                new VmConfig.Boot(
                        specs.path(bios),
                        specs.path(kernel),
                        specs.path(initrd),
                        append,
                        specs.drives(disks, cdroms, floppies),
                        bootOrder);
        return new VmConfig(
                name,
                engine,
                mmu,
                cpuModel(),
                cpus,
                Specs.memoryMiB(memory),
                Specs.devices(devices),
                boot,
                serial,
                debugExit,
                specs.logPorts(logPorts),
                display(),
                autostart,
                icount,
                resetOnTripleFault(),
                Optional.ofNullable(pageSharingGroup));
    }

    private boolean resetOnTripleFault() throws VmException {
        return switch (onTripleFault) {
            case "stop" -> false;
            case "reset" -> true;
            default ->
                    throw new VmException(
                            "--on-triple-fault %s is neither stop nor reset"
                                    .formatted(onTripleFault));
        };
    }

    private CpuModel cpuModel() throws VmException {
        try {
            return CpuModel.of(cpu);
        } catch (IllegalArgumentException e) {
            throw new VmException(e.getMessage(), e);
        }
    }

    /** ":0" asks the display server for its own host and the first free port. */
    private Optional<String> display() {
        return switch (vnc) {
            case "none" -> Optional.empty();
            case "auto" -> Optional.of(":0");
            default -> Optional.of(vnc);
        };
    }
}
