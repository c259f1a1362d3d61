package trivium.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.junit.Before;
import org.junit.Test;

/** {@code ./trivium} with a folder and ports of its own. */
public class LauncherIT {
    private static final int SSH = 28103;

    private final Path run = Path.of("target/launcher").toAbsolutePath();
    private final Path etc = run.resolve("appliance/etc");
    private String javaHome = System.getProperty("java.home");

    private record Result(int status, String output) {}

    @Before
    public void clean() throws Exception {
        new ProcessBuilder("rm", "-rf", run.toString()).start().waitFor();
        Files.createDirectories(etc);
    }

    @Test
    public void startsOnceWithTheDemoGuestWhereNothingWasFetchedAndStops() throws Exception {
        Files.writeString(
                etc.resolve("org.apache.karaf.shell.cfg"),
                "sshPort = %d\nsshHost = 127.0.0.1\nsshRole = ssh\n".formatted(SSH));
        Result start = trivium("start");
        assertEquals(start.output, 0, start.status);
        try {
            Result again = trivium("start");
            assertEquals(again.output, 1, again.status);
            assertTrue(again.output, again.output.contains("already running"));
            awaitDemoGuest(new Ssh(SSH, adminPassword()));
        } finally {
            Result stop = trivium("stop");
            assertEquals(stop.output, 0, stop.status);
        }
        assertEquals("trivium: not running\n", trivium("stop").output);
        assertEquals(8, Files.size(etc.resolve("trivium.vnc.password")));
    }

    @Test
    public void aWrongCommandIsWrongUsage() throws Exception {
        Result result = trivium("strat");

        assertEquals(2, result.status);
        assertTrue(result.output, result.output.contains("unknown command 'strat'"));
        assertTrue(result.output, result.output.contains("./trivium start"));
    }

    @Test
    public void passesOverAnOldJdk() throws Exception {
        Path old = Files.createDirectories(run.resolve("jdk-17/bin"));
        for (String tool : List.of("java", "javac")) {
            Files.createFile(
                    old.resolve(tool),
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwxr-xr-x")));
        }
        Files.writeString(run.resolve("jdk-17/release"), "JAVA_VERSION=\"17.0.15\"\n");
        javaHome = run.resolve("jdk-17").toString();

        Result jdk = trivium("jdk");

        assertEquals(jdk.output, 0, jdk.status);
        assertTrue(jdk.output, Files.isExecutable(Path.of(jdk.output.trim(), "bin/javac")));
        assertTrue(jdk.output, !jdk.output.contains("jdk-17"));
    }

    /** With a Maven that only notes what it is to do. */
    @Test
    public void makesAProjectToBeginWith() throws Exception {
        Path bin = Files.createDirectories(run.resolve("bin")), mvn = bin.resolve("mvn");
        Files.writeString(mvn, "#!/bin/sh\necho \"$@\" >>\"$TRIVIUM_RUN/mvn.log\"\n");
        Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path folder = run.resolve("my-bell");

        Result made = trivium("new", "device", "my-bell", folder.toString());

        assertEquals(made.output, 0, made.status);
        assertTrue(Files.readString(run.resolve("mvn.log")).contains("install"));
        String source = Files.readString(folder.resolve("src/main/java/my_bell/MyBell.java"));
        assertTrue(source, source.contains("package my_bell;"));
        assertTrue(source, source.contains("\"my-bell\""));
        assertTrue(source, !source.toLowerCase(Locale.ROOT).contains("example"));
        assertTrue(Files.readString(folder.resolve("pom.xml")).contains("<artifactId>my-bell<"));
        assertTrue(Files.exists(folder.resolve("src/test/java/my_bell/MyBellTest.java")));
        assertTrue(Files.exists(folder.resolve("bnd.bnd")));
        Result again = trivium("new", "device", "my-bell", folder.toString());
        assertEquals(again.output, 1, again.status);
        assertTrue(again.output, again.output.contains("is there already"));
        assertEquals(1, trivium("new", "toaster", "my-bell").status);
    }

    private String adminPassword() throws IOException {
        Path users = etc.resolve("users.properties");
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(users)));
        var properties = new Properties();
        try (var in = Files.newBufferedReader(users)) {
            properties.load(in);
        }
        String admin = properties.getProperty("admin");
        assertTrue(admin, admin.matches("[A-Za-z0-9]{16},_g_:admins"));
        return admin.substring(0, 16);
    }

    private static void awaitDemoGuest(Ssh ssh) throws Exception {
        long deadline = System.nanoTime() + 120_000_000_000L;
        while (true) {
            try {
                String vms = ssh.run(Ssh.ADMIN, "vm:list --json");
                if (vms.contains("\"demo\"") && vms.contains("\"running\"")) {
                    return;
                }
            } catch (IOException e) {
                // not yet
            }
            assertTrue(
                    "no shell with the demo guest within 120 s", System.nanoTime() - deadline < 0);
            Thread.sleep(500);
        }
    }

    private Result trivium(String... command) throws Exception {
        List<String> line = new ArrayList<>(List.of(command));
        line.addFirst(System.getProperty("launcher"));
        var builder = new ProcessBuilder(line);
        var environment = builder.environment();
        environment.put("TRIVIUM_RUN", run.toString());
        environment.put("TRIVIUM_FETCH", "no");
        environment.put("TRIVIUM_GUESTS", run.resolve("guests").toString());
        environment.put("JAVA_HOME", javaHome);
        environment.merge(
                "PATH",
                System.getProperty("java.home") + "/bin",
                (path, jdk) -> String.join(File.pathSeparator, run + "/bin", jdk, path));
        Path output = run.resolve(command[0] + ".log");
        builder.redirectErrorStream(true).redirectOutput(output.toFile());
        builder.redirectInput(new File("/dev/null"));
        int status = builder.start().waitFor();
        return new Result(status, Files.readString(output));
    }
}
