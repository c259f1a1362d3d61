package trivium.rfb;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Set;
import java.util.stream.Collectors;

/** Generated passwords: the eight characters VNC Authentication can use, about 45 bits. */
public final class VncPassword {
    /** Without those that are read or typed wrong. */
    private static final String ALPHABET = "abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679";

    private static final int LENGTH = 8;

    private VncPassword() {}

    public static String generate() {
        return new SecureRandom()
                .ints(LENGTH, 0, ALPHABET.length())
                .mapToObj(i -> ALPHABET.substring(i, i + 1))
                .collect(Collectors.joining());
    }

    /**
     * The password in a file; one is generated if there is no file, readable to its owner only.
     *
     * @throws IOException if the file cannot be read or made, or holds no password
     */
    public static String load(Path file) throws IOException {
        try {
            Files.createFile(file, ownerOnly());
            Files.writeString(file, generate() + "\n", StandardCharsets.ISO_8859_1);
        } catch (FileAlreadyExistsException e) {
            // made before, by us or by hand
        }
        String password = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        if (password.isEmpty()) {
            throw new IOException(file + " holds no password; delete it to have one generated");
        }
        return password;
    }

    private static FileAttribute<?>[] ownerOnly() {
        Set<String> views = FileSystems.getDefault().supportedFileAttributeViews();
        return views.contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }
}
