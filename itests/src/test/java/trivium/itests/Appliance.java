package trivium.itests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;

/** What tests inside the container do with its folders and log. */
final class Appliance {
    private static final long PATIENCE_NANOS = 90_000_000_000L;

    private Appliance() {}

    /** Moves a copy into the folder in one step: half a file would be installed, too. */
    static void deploy(Path jar, String name) throws Exception {
        Files.createDirectories(Path.of("deploy"));
        Path part = Path.of("data", name + ".part");
        Files.copy(jar, part, StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, Path.of("deploy", name), StandardCopyOption.ATOMIC_MOVE);
    }

    static void undeploy(String name) throws Exception {
        Files.deleteIfExists(Path.of("deploy", name));
    }

    /** The jar of an installed bundle of ours. */
    static Path installed(String artifact) throws Exception {
        try (var files = Files.walk(Path.of("system/trivium").resolve(artifact))) {
            return files.filter(f -> f.toString().endsWith(".jar")).findFirst().orElseThrow();
        }
    }

    static String log() throws Exception {
        return Files.readString(Path.of("data/log/karaf.log"));
    }

    /** What came after an earlier {@link #log}. */
    static String since(String log) throws Exception {
        return log().substring(log.length());
    }

    static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.call()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("no " + what + " within 90 s\n" + log());
            }
            Thread.sleep(100);
        }
    }
}
