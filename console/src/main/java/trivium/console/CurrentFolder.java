package trivium.console;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.apache.karaf.shell.api.console.Session;

/**
 * Where relative file names start. The appliance's process lives in its own folder, which nobody
 * means: the launcher passes on where its user stood in the variable TRIVIUM_DIRECTORY, {@code
 * ./trivium client} in that of the ssh session, {@code ./trivium} in that of the process.
 */
final class CurrentFolder {
    static final String VARIABLE = "TRIVIUM_DIRECTORY";

    private CurrentFolder() {}

    /** The session's folder; once, if nobody has chosen one yet, that becomes the user's. */
    static Path of(Session session) {
        Path process = Path.of("").toAbsolutePath();
        if (session.currentDir().toAbsolutePath().equals(process)) {
            Object users = session.get(VARIABLE);
            String folder = users == null ? System.getenv(VARIABLE) : users.toString();
            session.currentDir(folder == null ? process : absolute(folder, process));
        }
        return session.currentDir();
    }

    private static Path absolute(String folder, Path otherwise) {
        try {
            Path path = Path.of(folder);
            return path.isAbsolute() ? path : otherwise;
        } catch (InvalidPathException _) {
            return otherwise;
        }
    }
}
