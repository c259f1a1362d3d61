package trivium.itests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;
import org.apache.karaf.shell.api.console.SessionFactory;

/** What tests inside the container do with its shell, folders and log. */
final class Appliance {
    private static final long PATIENCE_NANOS = 90_000_000_000L;

    private Appliance() {}

    /** An administrator, once there are commands and engines. */
    static Shell admin(SessionFactory sessions) throws Exception {
        Shell admin = new Shell(sessions, "admin", "manager", "viewer");
        await("vm:list", () -> !admin.error("vm:list").contains("Command not found"));
        await("hv:engines", () -> !admin.error("hv:engines").contains("Command not found"));
        await("engines", () -> admin.run("hv:engines").contains("interpreter"));
        return admin;
    }

    static boolean running(Shell shell, String vm) throws Exception {
        String all = shell.run("vm:list --json");
        return all.matches("(?s).*\"" + vm + "\", \"state\": \"running\".*");
    }

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
