import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * Makes an initramfs: BusyBox, a folder of files, and the device nodes the kernel wants before
 * devtmpfs. Writes the "newc" cpio format (Linux, Documentation/driver-api/early-userspace/
 * buffer-format.rst), which needs neither root nor a cpio program.
 *
 * <p>Usage: java MakeInitrd.java BUSYBOX FOLDER OUT.gz [MODULE.ko...]
 */
public final class MakeInitrd {
    private static final int DIRECTORY = 0040755, EXECUTABLE = 0100755, FILE = 0100644;
    private static final int LINK = 0120777, CHARACTER_DEVICE = 0020600;

    private final OutputStream out;
    private int inode;
    private long written;

    private MakeInitrd(OutputStream out) {
        this.out = out;
    }

    public static void main(String[] args) throws IOException {
        if (args.length < 3) {
            System.err.println("usage: java MakeInitrd.java BUSYBOX FOLDER OUT.gz [MODULE.ko...]");
            System.exit(2);
        }
        Path target = Path.of(args[2]);
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try (OutputStream gzip =
                new BufferedOutputStream(new GZIPOutputStream(Files.newOutputStream(part)))) {
            List<Path> modules = Arrays.stream(args).skip(3).map(Path::of).toList();
            new MakeInitrd(gzip).write(Path.of(args[0]), Path.of(args[1]), modules);
        }
        Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    }

    private void write(Path busybox, Path folder, List<Path> modules) throws IOException {
        for (String name : List.of("bin", "dev", "proc", "sys", "tmp", "root", "lib", "lib/modules")) {
            entry(name, DIRECTORY, 0, new byte[0]);
        }
        entry("dev/console", CHARACTER_DEVICE, 5 << 8 | 1, new byte[0]);
        entry("dev/null", CHARACTER_DEVICE, 1 << 8 | 3, new byte[0]);
        entry("bin/busybox", EXECUTABLE, 0, Files.readAllBytes(busybox));
        entry("bin/sh", LINK, 0, "busybox".getBytes(StandardCharsets.UTF_8));
        entry("init", LINK, 0, "bin/busybox".getBytes(StandardCharsets.UTF_8));
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted().toList()) {
                String name = folder.relativize(file).toString();
                if (Files.isDirectory(file) && !name.isEmpty()) {
                    entry(name, DIRECTORY, 0, new byte[0]);
                } else if (Files.isRegularFile(file)) {
                    int mode = Files.isExecutable(file) ? EXECUTABLE : FILE;
                    entry(name, mode, 0, Files.readAllBytes(file));
                }
            }
        }
        for (Path module : modules) {
            entry("lib/modules/" + module.getFileName(), FILE, 0, Files.readAllBytes(module));
        }
        entry("TRAILER!!!", 0, 0, new byte[0]);
    }

    private void entry(String name, int mode, int device, byte[] content) throws IOException {
        byte[] path = (name + "\0").getBytes(StandardCharsets.UTF_8);
        String header =
                "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x"
                        .formatted(
                                ++inode, mode, 0, 0, 1, 0, content.length, 0, 0, device >> 8,
                                device & 0xff, path.length, 0);
        put(header.getBytes(StandardCharsets.US_ASCII));
        put(path);
        pad();
        put(content);
        pad();
    }

    private void put(byte[] bytes) throws IOException {
        out.write(bytes);
        written += bytes.length;
    }

    private void pad() throws IOException {
        while (written % 4 != 0) {
            put(new byte[1]);
        }
    }
}
