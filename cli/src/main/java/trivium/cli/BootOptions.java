package trivium.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import trivium.cpu.CpuModel;
import trivium.vm.LockStep;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.DeviceSpec;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/** The options of {@code trivium boot}, parsed. */
final class BootOptions extends Options {
    static final String USAGE =
            """
            Usage: trivium boot [OPTION]...
            Runs one VM in the foreground until it ends.
              --engine NAME          execution engine (default: auto)
              --mmu NAME             MMU strategy (default: auto)
              --cpu MODEL            8086, 80286, i386, pentium3, x86-64 (default: x86-64)
              --cpus N               1 to 16 (default: 1)
              --memory MIB           RAM (default: 256)
              --device NAME[,k=v]... one more device, or options for one of the board's
              --bios FILE            system ROM of 64, 128 or 256 KiB (default: SeaBIOS)
              --kernel FILE          Linux bzImage, or Multiboot kernel
              --initrd FILE          for the kernel; a Multiboot kernel gets it as a module
              --append TEXT          the kernel's command line
              --disk FILE            raw hard disk image; may be repeated
              --cdrom FILE           ISO image
              --floppy FILE          raw floppy image; may be repeated
              --order LIST           boot order of disk, cdrom, floppy, network
              --serial WHERE         stdio, file:FILE or none (default: stdio)
              --debug-exit           writing V to port 0xF4 ends with status V << 1 | 1
              --log-port PORT=FILE   bytes written to the port, in hex, one a line
              --vnc HOST:PORT        shows the screen to VNC viewers
              --screenshot FILE      writes the last picture as PNG
              --on-triple-fault DO   stop (status 100, the default) or reset
              --timeout SECONDS      ends the VM after that time
              --icount               counts time in instructions: runs are repeatable
              --lockstep ENGINE      runs it beside the interpreter and stops where they differ;
                                     time is counted, disks are not written, nobody types
              --lockstep-chunk N     instructions between two comparisons (default: 500000)
              --stats                writes statistics as JSON to standard error
            Exit status: 0 the guest powered off, V << 1 | 1 debug exit, 2 wrong usage or
            configuration, 70 internal failure, 100 triple fault, 124 timeout. With --lockstep:
            0 no difference until the guest ended, 3 a difference.
            """;

    private static final String[] IDE_FOR_DISKS = {"ide0", "ide1", "ide3", "ide2"};
    private static final String[] IDE_FOR_CDS = {"ide2", "ide3", "ide1", "ide0"};
    private static final String[] FLOPPIES = {"floppy0", "floppy1"};

    private String engine = "auto", mmu = "auto", serial = "stdio", append = "", order = "";
    private CpuModel cpu = CpuModel.X86_64;
    private int cpus = 1, memoryMiB = 256;
    private boolean debugExit, icount, resetOnTripleFault;
    private Optional<Path> bios = Optional.empty();
    private Optional<Path> kernel = Optional.empty(), initrd = Optional.empty();
    private final List<DeviceSpec> devices = new ArrayList<>();
    private final Map<String, Drive> drives = new LinkedHashMap<>();
    private final Map<Integer, Path> logPorts = new LinkedHashMap<>();

    Optional<String> vnc = Optional.empty();
    Optional<Path> screenshot = Optional.empty();

    /** The engine under test. */
    Optional<String> lockstep = Optional.empty();

    int lockstepChunk = (int) LockStep.CHUNK;
    int timeoutSeconds;
    boolean stats, help;

    /**
     * @throws VmException with one sentence about the first option that is wrong
     */
    static BootOptions parse(List<String> args) throws VmException {
        BootOptions options = new BootOptions();
        options.takeAll(args);
        return options;
    }

    @Override
    void take(String option, Iterator<String> rest) throws VmException {
        switch (option) {
            case "--debug-exit" -> debugExit = true;
            case "--icount" -> icount = true;
            case "--stats" -> stats = true;
            case "--help", "-h" -> help = true;
            default -> takeValue(option, rest);
        }
    }

    private void takeValue(String option, Iterator<String> rest) throws VmException {
        switch (option) {
            case "--engine" -> engine = value(option, rest);
            case "--mmu" -> mmu = value(option, rest);
            case "--cpu" -> cpu = cpu(value(option, rest));
            case "--cpus" -> cpus = number(option, value(option, rest), 1, 16);
            case "--memory" -> memoryMiB = number(option, value(option, rest), 1, 1 << 20);
            case "--device" -> devices.add(device(value(option, rest)));
            case "--bios" -> bios = Optional.of(path(option, rest));
            case "--kernel" -> kernel = Optional.of(path(option, rest));
            case "--initrd" -> initrd = Optional.of(path(option, rest));
            case "--append" -> append = value(option, rest);
            case "--disk" -> drive(IDE_FOR_DISKS, BlockKind.DISK, path(option, rest));
            case "--cdrom" -> drive(IDE_FOR_CDS, BlockKind.CDROM, path(option, rest));
            case "--floppy" -> drive(FLOPPIES, BlockKind.FLOPPY, path(option, rest));
            case "--order" -> order = value(option, rest);
            case "--serial" -> serial = serial(value(option, rest));
            case "--log-port" -> logPort(value(option, rest));
            case "--on-triple-fault" -> resetOnTripleFault = reset(value(option, rest));
            case "--vnc" -> vnc = Optional.of(value(option, rest));
            case "--screenshot" -> screenshot = Optional.of(path(option, rest));
            case "--lockstep" -> lockstep = Optional.of(value(option, rest));
            case "--lockstep-chunk" ->
                    lockstepChunk = number(option, value(option, rest), 1, Integer.MAX_VALUE);
            case "--timeout" ->
                    timeoutSeconds = number(option, value(option, rest), 1, Integer.MAX_VALUE);
            default ->
                    throw new VmException(
                            "no option '%s'; trivium boot --help lists them".formatted(option));
        }
    }

    private static boolean reset(String text) throws VmException {
        return switch (text) {
            case "reset" -> true;
            case "stop" -> false;
            default ->
                    throw new VmException(
                            "--on-triple-fault %s is neither stop nor reset".formatted(text));
        };
    }

    private static int number(String option, String text, int min, int max) throws VmException {
        try {
            int value = Integer.decode(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException _) {
            // told below, as for a number out of range
        }
        throw new VmException(
                "%s %s is not a number from %d to %d".formatted(option, text, min, max));
    }

    private static CpuModel cpu(String id) throws VmException {
        try {
            return CpuModel.of(id);
        } catch (IllegalArgumentException e) {
            throw new VmException("--cpu: " + e.getMessage(), e);
        }
    }

    private static String serial(String where) throws VmException {
        boolean known = where.equals("stdio") || where.equals("none");
        if (known || where.startsWith("file:") && where.length() > "file:".length()) {
            return where;
        }
        throw new VmException("--serial %s is none of stdio, file:FILE, none".formatted(where));
    }

    private static DeviceSpec device(String text) throws VmException {
        String[] parts = text.split(",");
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            if (equals < 1) {
                throw new VmException(
                        "--device %s: '%s' is not key=value".formatted(text, parts[i]));
            }
            options.put(parts[i].substring(0, equals), parts[i].substring(equals + 1));
        }
        return new DeviceSpec(parts[0], options);
    }

    private void drive(String[] slots, BlockKind kind, Path image) throws VmException {
        for (String slot : slots) {
            if (!drives.containsKey(slot)) {
                drives.put(slot, new Drive(slot, kind, image, kind == BlockKind.CDROM));
                return;
            }
        }
        throw new VmException("no room for %s: every slot is taken".formatted(image));
    }

    private void logPort(String text) throws VmException {
        int equals = text.indexOf('=');
        if (equals < 1 || equals == text.length() - 1) {
            throw new VmException("--log-port %s is not PORT=FILE".formatted(text));
        }
        int port = number("--log-port", text.substring(0, equals), 0, 0xffff);
        logPorts.put(port, Path.of(text.substring(equals + 1)));
    }

    boolean serialOnStdio() {
        return serial.equals("stdio");
    }

    VmConfig config() {
        var boot =
                new VmConfig.Boot(
                        bios, kernel, initrd, append, List.copyOf(drives.values()), order);
        return new VmConfig(
                "boot",
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
                false,
                icount,
                resetOnTripleFault);
    }
}
