package trivium.cli.guests;

import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import trivium.cli.GuestVm;
import trivium.vm.VmException;

/**
 * Where guest systems are: what guests/fetch.sh --all put into guests/cache (or the folder that
 * TRIVIUM_GUESTS names), and bench/guests. A test whose guest or tool is missing is skipped with
 * the reason; {@code -Dtrivium.guests=none} skips them all, {@code all} runs the long ones, too.
 */
public final class Guests {
    private static final String CHOICE = System.getProperty("trivium.guests", "some");

    private Guests() {}

    /** The project's folder: the first one upwards that has guests/fetch.sh. */
    private static Path project() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("guests/fetch.sh"))) {
            folder = folder.getParent();
        }
        assumeTrue(folder != null, "not inside the project's folder");
        return folder;
    }

    public static Path cache() {
        assumeFalse(CHOICE.equals("none"), "guests are switched off by -Dtrivium.guests=none");
        String elsewhere = System.getenv("TRIVIUM_GUESTS");
        return elsewhere == null ? project().resolve("guests/cache") : Path.of(elsewhere);
    }

    /** A guest's file. */
    public static Path file(String name) {
        return present(cache().resolve(name), "guests/fetch.sh --all fetches it");
    }

    /** A module of a kernel: a path below its drivers. */
    static Path module(String kernel, String driver) throws IOException {
        Path packages = file("packages");
        try (Stream<Path> all = Files.find(packages, 7, (p, _) -> p.endsWith("kernel/drivers"))) {
            Optional<Path> drivers =
                    all.filter(p -> p.toString().contains("-" + kernel + "-")).findFirst();
            assumeTrue(drivers.isPresent(), "no modules of kernel " + kernel + " in " + packages);
            return present(drivers.get().resolve(driver), "guests/fetch.sh --all fetches it");
        }
    }

    public static Path bench(String name) {
        cache();
        return present(project().resolve("bench/guests").resolve(name), "it is in the repository");
    }

    private static Path present(Path file, String where) {
        assumeTrue(Files.exists(file), file + " is not there: " + where);
        return file;
    }

    static void onlyIfAllAreAskedFor(String why) {
        assumeTrue(CHOICE.equals("all"), why + ": only with -Dtrivium.guests=all");
    }

    static GuestVm boot(String name, Object... options) throws VmException {
        List<String> arguments = Arrays.stream(options).map(Object::toString).toList();
        return GuestVm.start(name, file("bios-256k.bin").getParent(), arguments);
    }

    /** Runs a tool of this host to its end; the test is skipped where there is no such tool. */
    static void tool(String... command) throws IOException, InterruptedException {
        boolean there =
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, command[0])));
        assumeTrue(there, "no " + command[0] + " on this host");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(String.join(" ", command) + ": " + said);
        }
    }
}
