package trivium.guests.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A small operating system of our own that shows a PC at work: what it sees of CPU, memory and
 * engine, a picture that moves, keyboard, mouse and COM1. It is assembled when asked for, a
 * Multiboot image that needs no firmware, no disk and nothing from elsewhere.
 */
public final class DemoGuest {
    private DemoGuest() {}

    /** The image, to be loaded by a Multiboot loader. */
    public static byte[] image() {
        return Guest.assemble();
    }

    /** Writes the image to a file, whole or not at all, and makes its folder. */
    public static void write(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path part =
                folder.resolve(
                        ".%s.%d".formatted(file.getFileName(), ProcessHandle.current().pid()));
        try {
            Files.write(part, image());
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** Writes the image to the file named. */
    public static void main(String[] args) throws IOException {
        if (args.length != 1) {
            System.err.println("usage: DemoGuest FILE");
            System.exit(2);
        }
        write(Path.of(args[0]));
    }
}
