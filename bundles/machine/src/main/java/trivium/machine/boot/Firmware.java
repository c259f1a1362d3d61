package trivium.machine.boot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import trivium.vm.VmException;

/**
 * Finds firmware images by file name: first in the project's cache, then where Debian's packages
 * seabios and qemu-system-data put them.
 *
 * @param directories searched in this order
 */
public record Firmware(List<Path> directories) {
    public static final String PROPERTY = "trivium.firmware";
    private static final List<String> BIOS = List.of("bios-256k.bin", "bios.bin");
    private static final List<String> VGA_BIOS = List.of("vgabios-stdvga.bin");

    public Firmware {
        directories = List.copyOf(directories);
    }

    /**
     * The usual places; the system property {@code trivium.firmware} names one to look in first.
     */
    public static Firmware usual() {
        List<Path> usual =
                List.of(
                        Path.of("guests/cache"),
                        Path.of("/usr/share/seabios"),
                        Path.of("/usr/share/qemu"));
        String first = System.getProperty(PROPERTY);
        return first == null
                ? new Firmware(usual)
                : new Firmware(
                        java.util.stream.Stream.concat(
                                        java.util.stream.Stream.of(Path.of(first)), usual.stream())
                                .toList());
    }

    Optional<byte[]> bios() throws VmException {
        return find(BIOS);
    }

    Optional<byte[]> vgaBios() throws VmException {
        return find(VGA_BIOS);
    }

    private Optional<byte[]> find(List<String> names) throws VmException {
        for (Path directory : directories) {
            for (String name : names) {
                Path file = directory.resolve(name);
                if (Files.isReadable(file)) {
                    return Optional.of(read("firmware", file));
                }
            }
        }
        return Optional.empty();
    }

    /**
     * @throws VmException naming the file if it cannot be read
     */
    static byte[] read(String what, Path file) throws VmException {
        try {
            return Files.readAllBytes(file);
        } catch (IOException | OutOfMemoryError e) {
            String why = !Files.exists(file) ? "does not exist" : "cannot be read: " + e;
            throw new VmException("%s %s %s".formatted(what, file, why), e);
        }
    }
}
